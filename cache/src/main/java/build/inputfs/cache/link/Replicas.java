package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stand-ins for inodes of the store that take no more links: files of the very tree that is being
 * made, while nobody else can have it. A later tree makes its own. Thread-safe; closed when the
 * tree is finished.
 */
final class Replicas implements AutoCloseable {
  /** Each holds a descriptor; past this many, files get inodes of their own. */
  private static final int MAX = 128;

  private final Posix posix;
  private final ConcurrentMap<Key, Integer> descriptors = new ConcurrentHashMap<>();
  private final Queue<Integer> open = new ConcurrentLinkedQueue<>();
  private final AtomicInteger count = new AtomicInteger();

  private record Key(Digest digest, boolean executable) {}

  Replicas(Posix posix) {
    this.posix = posix;
  }

  /** Makes a link to the replica of a blob, or returns false when there is none that takes it. */
  boolean link(Digest digest, boolean executable, int directory, String name, int linkLimit) {
    Integer fd = descriptors.get(new Key(digest, executable));
    if (fd == null) {
      return false;
    }
    FileStat stat = new FileStat();
    return posix.fstat(fd, stat) == 0
        && stat.nlink() < linkLimit
        && posix.linkDescriptor(fd, directory, name) == 0;
  }

  /** Takes a finished file of the tree as the replica of a blob, in place of the last one. */
  void add(Digest digest, boolean executable, int directory, String name) {
    if (count.incrementAndGet() > MAX) {
      return;
    }
    int fd = posix.openat(directory, name, Posix.O_PATH | Posix.O_NOFOLLOW, 0);
    if (fd >= 0) {
      open.add(fd);
      descriptors.put(new Key(digest, executable), fd);
    }
  }

  @Override
  public void close() {
    descriptors.clear();
    open.forEach(posix::close);
    open.clear();
  }
}
