package build.inputfs.fuse.forest;

import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The nodes of the forest that the kernel knows, by number. Not thread-safe: {@link
 * ForestFileSystem} guards it, and nothing here does I/O.
 *
 * <p>A hash table with open addressing in four parallel arrays, so a node costs twenty bytes and
 * the table's slack. A file is a place in a listing: a directory that has it, and an index; it is
 * <em>the same</em> file as any other with its path, content, mode and time, whatever tree that is
 * in, and the table keeps whichever place came first. A directory is its {@link ForestDirectory}.
 *
 * <p>Numbers start from {@link NodeHash}. Where that one is taken by something else the next of a
 * fixed sequence is tried. When the node that had the first number is forgotten, one that had to
 * step aside may be given a second number: that costs a second copy of its pages and no more.
 */
final class ForestNodes {
  private static final int DIRECTORY = -1;
  private static final int SMALLEST = 1 << 10;

  private long[] ids = new long[SMALLEST];
  private @Nullable ForestDirectory[] places = new @Nullable ForestDirectory[SMALLEST];
  private int[] indices = new int[SMALLEST];
  private int[] lookups = new int[SMALLEST];
  private int size;

  int size() {
    return size;
  }

  /** What the table itself takes, in bytes, with references of four. */
  long heapBytes() {
    return 20L * ids.length;
  }

  /** The directory {@code id}, or null where it is no directory that is known. */
  @Nullable ForestDirectory directory(long id) {
    int slot = slot(id);
    return ids[slot] == id && indices[slot] == DIRECTORY ? places[slot] : null;
  }

  /** A directory that has the file, symlink or whiteout {@code id}, or null where it is none. */
  @Nullable ForestDirectory place(long id) {
    int slot = slot(id);
    return ids[slot] == id && indices[slot] != DIRECTORY ? places[slot] : null;
  }

  /** Index of the file, symlink or whiteout {@code id} in the listing of {@link #place}. */
  int index(long id) {
    return indices[slot(id)];
  }

  /**
   * Counts a lookup of entry {@code index} of {@code directory}, a file, symlink or whiteout.
   *
   * @return its number
   */
  long lookupLeaf(ForestDirectory directory, int index) {
    Listing listing = directory.loaded();
    long id = NodeHash.leaf(NodeHash.path(directory.pathHash, listing, index), listing, index);
    while (true) {
      int slot = slot(id);
      if (ids[slot] == 0) {
        insert(id, directory, index);
        return id;
      }
      ForestDirectory other = places[slot];
      if (other != null && indices[slot] >= 0 && same(directory, index, other, indices[slot])) {
        lookups[slot]++;
        return id;
      }
      id = NodeHash.next(id);
    }
  }

  /** The directory that is entry {@code index} of {@code parent}, or null; counts a lookup. */
  @Nullable ForestDirectory lookupDirectory(long parent, int index) {
    long id = NodeHash.directory(parent, index);
    while (true) {
      int slot = slot(id);
      if (ids[slot] == 0) {
        return null;
      }
      ForestDirectory found = places[slot];
      if (found != null
          && indices[slot] == DIRECTORY
          && found.index == index
          && found.parent != null
          && found.parent.id == parent) {
        lookups[slot]++;
        return found;
      }
      id = NodeHash.next(id);
    }
  }

  /** Counts a lookup of a root, whose number nobody else has. */
  void lookupRoot(ForestDirectory root) {
    int slot = slot(root.id);
    if (ids[slot] == root.id) {
      lookups[slot]++;
    } else {
      insert(root.id, root, DIRECTORY);
    }
  }

  /**
   * A number for the directory that is entry {@code index} of {@code parent}, which is not known.
   */
  long freeDirectoryId(long parent, int index) {
    long id = NodeHash.directory(parent, index);
    while (ids[slot(id)] != 0) {
      id = NodeHash.next(id);
    }
    return id;
  }

  /** Adds a directory with a number from {@link #freeDirectoryId}, and counts a lookup. */
  void add(ForestDirectory directory) {
    insert(directory.id, directory, DIRECTORY);
  }

  /**
   * Takes back lookups.
   *
   * @return whether the node is not known any more
   */
  boolean forget(long id, long count) {
    int slot = slot(id);
    if (ids[slot] != id) {
      return false;
    }
    lookups[slot] -= (int) count;
    if (lookups[slot] > 0) {
      return false;
    }
    remove(slot);
    return true;
  }

  private void insert(long id, ForestDirectory place, int index) {
    if (size >= ids.length / 4 * 3) {
      resize(ids.length * 2);
    }
    int slot = slot(id);
    ids[slot] = id;
    places[slot] = place;
    indices[slot] = index;
    lookups[slot] = 1;
    size++;
  }

  /** Empties a slot and moves up those behind it that would not be found any more. */
  private void remove(int emptied) {
    int mask = ids.length - 1;
    int hole = emptied;
    for (int next = (hole + 1) & mask; ids[next] != 0; next = (next + 1) & mask) {
      int home = home(ids[next]);
      // Whether home lies cyclically outside (hole, next]: then next may fill the hole.
      if (((next - home) & mask) >= ((next - hole) & mask)) {
        move(next, hole);
        hole = next;
      }
    }
    ids[hole] = 0;
    places[hole] = null;
    size--;
    if (size < ids.length / 8 && ids.length > SMALLEST) {
      resize(ids.length / 4);
    }
  }

  private void move(int from, int to) {
    ids[to] = ids[from];
    places[to] = places[from];
    indices[to] = indices[from];
    lookups[to] = lookups[from];
  }

  private void resize(int length) {
    long[] oldIds = ids;
    @Nullable ForestDirectory[] oldPlaces = places;
    int[] oldIndices = indices;
    int[] oldLookups = lookups;
    ids = new long[length];
    places = new @Nullable ForestDirectory[length];
    indices = new int[length];
    lookups = new int[length];
    for (int i = 0; i < oldIds.length; i++) {
      if (oldIds[i] != 0) {
        int slot = slot(oldIds[i]);
        ids[slot] = oldIds[i];
        places[slot] = oldPlaces[i];
        indices[slot] = oldIndices[i];
        lookups[slot] = oldLookups[i];
      }
    }
  }

  /** The slot that {@code id} is in, or the empty one where it would go. */
  private int slot(long id) {
    int mask = ids.length - 1;
    int slot = home(id);
    while (ids[slot] != 0 && ids[slot] != id) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private int home(long id) {
    return (int) (id ^ (id >>> 28)) & (ids.length - 1);
  }

  /** Whether two entries are the same file: path, content, mode and time. */
  private static boolean same(ForestDirectory a, int i, ForestDirectory b, int j) {
    if (a == b) {
      return i == j;
    }
    return sameContent(a.loaded(), i, b.loaded(), j)
        && Arrays.equals(a.loaded().name(i), b.loaded().name(j))
        && samePath(a, b);
  }

  private static boolean samePath(ForestDirectory a, ForestDirectory b) {
    ForestDirectory above = a.parent;
    ForestDirectory otherAbove = b.parent;
    if (above == null || otherAbove == null) {
      return above == otherAbove;
    }
    return a == b
        || (Arrays.equals(above.loaded().name(a.index), otherAbove.loaded().name(b.index))
            && samePath(above, otherAbove));
  }

  private static boolean sameContent(Listing a, int i, Listing b, int j) {
    if (a.isWhiteout(i) || b.isWhiteout(j)) {
      return a.isWhiteout(i) && b.isWhiteout(j);
    }
    return sameLeaf(a.source(i), a.sourceIndex(i), b.source(j), b.sourceIndex(j));
  }

  /** Whether two entries of input directories, files or symlinks, are equal but for their names. */
  static boolean sameLeaf(InputDirectory a, int i, InputDirectory b, int j) {
    Kind kind = a.kind(i);
    boolean equal =
        kind == b.kind(j)
            && a.unixMode(i) == b.unixMode(j)
            && a.hasMtime(i) == b.hasMtime(j)
            && a.mtimeSeconds(i) == b.mtimeSeconds(j)
            && a.mtimeNanos(i) == b.mtimeNanos(j);
    return equal
        && switch (kind) {
          case FILE -> a.executable(i) == b.executable(j) && a.digest(i).equals(b.digest(j));
          case SYMLINK -> Arrays.equals(a.target(i), b.target(j));
          case DIRECTORY -> false;
        };
  }
}
