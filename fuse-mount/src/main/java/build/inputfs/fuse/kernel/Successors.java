package build.inputfs.fuse.kernel;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The second numbers of nodes whose content moved while the kernel had the old content's file open.
 *
 * <p>A node that is open with a backing file cannot be opened with another one: the kernel allows
 * an inode one backing file at a time. But the content of an input moves to a private copy when it
 * is first written, and somebody may be reading it just then. So the node gets a second number, its
 * successor, under which the kernel makes a fresh inode. The open that met the conflict is answered
 * with ESTALE, which makes the kernel look the path up anew, find the successor, and open that.
 * Those who had the file open keep reading the old content, as mappings do on overlayfs.
 *
 * <p>Both numbers mean the same node to the filesystem. Since the kernel holds attributes for each,
 * it is told to remember those of neither. A node has one successor at most: content that moved is
 * private and moves no more.
 *
 * <p>Any thread may call any method at any time.
 */
final class Successors {
  /** Set in the number of a successor. A filesystem's own numbers are below. */
  private static final long BIT = 1L << 62;

  private final Set<Long> moved = ConcurrentHashMap.newKeySet();
  private volatile boolean any;

  /** The filesystem's number of a node that the kernel speaks of. */
  static long toFileSystem(long number) {
    return number & ~BIT;
  }

  /** The number under which the kernel is told of a node from now on. */
  long toKernel(long node) {
    return any && moved.contains(node) ? node | BIT : node;
  }

  /** Whether the kernel may know {@code node} under two numbers. */
  boolean has(long node) {
    return any && moved.contains(node);
  }

  /**
   * Gives a node a successor.
   *
   * @param number the number that the kernel used
   * @return whether looking it up again may lead to another number; not so for a successor
   */
  boolean succeed(long number) {
    if ((number & BIT) != 0) {
      return false;
    }
    moved.add(number);
    any = true;
    return true;
  }
}
