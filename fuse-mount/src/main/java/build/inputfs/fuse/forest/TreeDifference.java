package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Finds what must lie above one tree for it to look like another: the entries that are new or
 * changed, whiteouts for those that are gone, and the directories that lead to them.
 *
 * <p>Both are Merkle trees, so equal directories are passed over by digest and the time is
 * proportional to the difference. It gives up when the difference grows past a limit. For one use,
 * by one thread.
 */
final class TreeDifference {
  private final TreeReader reader;
  private int entriesLeft;
  private int directoriesLeft;

  /**
   * A search.
   *
   * @param entries how many entries may differ
   * @param directories how many directories may be read
   */
  TreeDifference(TreeReader reader, int entries, int directories) {
    this.reader = reader;
    this.entriesLeft = entries;
    this.directoriesLeft = directories;
  }

  /**
   * What must lie above {@code below} for it to look like {@code wanted}; null where that is more
   * than the limits.
   */
  @Nullable ComposedListing above(Digest below, Digest wanted) throws IOException {
    directoriesLeft -= 2;
    if (directoriesLeft < 0) {
      return null;
    }
    return above(reader.directory(below), reader.directory(wanted));
  }

  private @Nullable ComposedListing above(InputDirectory below, InputDirectory wanted)
      throws IOException {
    ComposedListing.Builder above = new ComposedListing.Builder(wanted);
    int i = 0;
    int j = 0;
    while (i < below.size() || j < wanted.size()) {
      int order = order(below, i, wanted, j);
      if (order < 0) {
        above.addWhiteout(below.name(i++));
        entriesLeft--;
      } else if (order > 0) {
        above.add(wanted, j++);
        entriesLeft--;
      } else if (!addDifference(above, below, i++, wanted, j++)) {
        return null;
      }
      if (entriesLeft < 0) {
        return null;
      }
    }
    return above.build();
  }

  private static int order(InputDirectory below, int i, InputDirectory wanted, int j) {
    if (i == below.size()) {
      return 1;
    }
    return j == wanted.size() ? -1 : Arrays.compareUnsigned(below.name(i), wanted.name(j));
  }

  /** Adds what differs between two entries of one name; false where that is too much. */
  private boolean addDifference(
      ComposedListing.Builder above, InputDirectory below, int i, InputDirectory wanted, int j)
      throws IOException {
    boolean directories = below.kind(i) == Kind.DIRECTORY && wanted.kind(j) == Kind.DIRECTORY;
    if (!directories) {
      if (!ForestNodes.sameLeaf(below, i, wanted, j)) {
        above.add(wanted, j);
        entriesLeft--;
      }
      return true;
    }
    if (below.digest(i).equals(wanted.digest(j))) {
      return true;
    }
    ComposedListing inside = above(below.digest(i), wanted.digest(j));
    if (inside != null) {
      above.add(wanted.name(j), inside);
    }
    return inside != null;
  }
}
