package build.inputfs.fuse.mutable;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Who is meant by a node number. Guarded by the filesystem's lock.
 *
 * <p>Numbers are handed out in order and never twice. An input directory takes a whole run of them,
 * one for each of its entries, so that an entry has its number without any object: it is found by
 * binary search over the runs. Nodes that do have an object are in pages of an array, which go away
 * when they are empty.
 */
final class NodeTable {
  private static final int PAGE_BITS = 9;
  private static final int PAGE_SIZE = 1 << PAGE_BITS;

  private static final class Page {
    final @Nullable Inode[] nodes = new @Nullable Inode[PAGE_SIZE];
    int used;
  }

  private @Nullable Page[] pages = new @Nullable Page[16];
  private long next;

  private long[] runStarts = new long[16];
  private DirectoryNode[] runOwners = new DirectoryNode[16];
  private int runs;

  /**
   * An empty table.
   *
   * @param first the first number to hand out
   */
  NodeTable(long first) {
    next = first;
  }

  /** A number nobody has had. */
  long allocate() {
    return next++;
  }

  /**
   * A run of {@code count} numbers that stand for the entries of {@code owner}: the first of them.
   */
  long allocateRun(DirectoryNode owner, int count) {
    long start = next;
    next += count;
    if (count > 0) {
      if (runs == runStarts.length) {
        runStarts = Arrays.copyOf(runStarts, runs * 2);
        runOwners = Arrays.copyOf(runOwners, runs * 2);
      }
      runStarts[runs] = start;
      runOwners[runs++] = owner;
    }
    return start;
  }

  void put(Inode node) {
    int index = (int) (node.id >>> PAGE_BITS);
    if (index >= pages.length) {
      pages = Arrays.copyOf(pages, Math.max(index + 1, pages.length * 2));
    }
    Page page = pages[index];
    if (page == null) {
      pages[index] = page = new Page();
    }
    page.nodes[(int) node.id & (PAGE_SIZE - 1)] = node;
    page.used++;
  }

  void remove(Inode node) {
    int index = (int) (node.id >>> PAGE_BITS);
    Page page = pages[index];
    if (page != null) {
      page.nodes[(int) node.id & (PAGE_SIZE - 1)] = null;
      if (--page.used == 0) {
        pages[index] = null;
      }
    }
  }

  /** The node's object, or null where it has none. */
  @Nullable Inode get(long id) {
    long index = id >>> PAGE_BITS;
    Page page = index < pages.length ? pages[(int) index] : null;
    return page == null ? null : page.nodes[(int) id & (PAGE_SIZE - 1)];
  }

  /** The directory that {@code id} is an untouched entry of, or null where it is no such number. */
  @Nullable DirectoryNode owner(long id) {
    int at = Arrays.binarySearch(runStarts, 0, runs, id);
    int run = at >= 0 ? at : -at - 2;
    if (run < 0) {
      return null;
    }
    DirectoryNode owner = runOwners[run];
    return owner.isUntouched(id - runStarts[run]) ? owner : null;
  }

  /** Hands every node that has an object to {@code action}. */
  void forEach(Consumer<Inode> action) {
    for (Page page : pages) {
      if (page != null) {
        for (Inode node : page.nodes) {
          if (node != null) {
            action.accept(node);
          }
        }
      }
    }
  }
}
