package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds what must lie above one tree for it to look like another: the entries that are new or
 * changed, whiteouts for those that are gone, and the directories that lead to them.
 *
 * <p>Both are Merkle trees, so equal directories are passed over by digest and the time is
 * proportional to the difference. It gives up when the difference grows past a limit, and soon when
 * the two have little in common: each directory that they share lets the search read one more. For
 * one use, by one thread.
 */
final class TreeDifference {
  private static final int DIRECTORIES_AT_FIRST = 16;

  /** What is done with a directory that the tree below does not have. */
  @FunctionalInterface
  interface Additions {
    /**
     * Adds entry {@code index} of {@code wanted}, at {@code path} in the tree, to {@code above}, or
     * sees to it that something else beneath shows it.
     */
    void add(ComposedListing.Builder above, InputDirectory wanted, int index, String path);
  }

  private final TreeReader reader;
  private final Additions additions;
  private final List<Digest> common = new ArrayList<>();
  private int entriesLeft;
  private int directoriesLeft;

  /** How many more directories may be had for sharing some. */
  private int directoriesToEarn;

  /**
   * A search.
   *
   * @param entries how many entries may differ
   * @param directories how many pairs of directories may be read at most
   */
  TreeDifference(TreeReader reader, int entries, int directories, Additions additions) {
    this.reader = reader;
    this.additions = additions;
    this.entriesLeft = entries;
    this.directoriesLeft = Math.min(DIRECTORIES_AT_FIRST, directories);
    this.directoriesToEarn = directories - directoriesLeft;
  }

  /**
   * What must lie above {@code below} for it to look like {@code wanted}; null where that is more
   * than the limits.
   *
   * @param path where both are in their trees
   */
  @Nullable ComposedListing above(Digest below, Digest wanted, String path) throws IOException {
    if (--directoriesLeft < 0) {
      return null;
    }
    return above(reader.directory(below), reader.directory(wanted), path);
  }

  /** The largest directories that both trees have in one place, as far as the search got. */
  List<Digest> common() {
    return common;
  }

  private @Nullable ComposedListing above(InputDirectory below, InputDirectory wanted, String path)
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
        add(above, wanted, j++, path);
        entriesLeft--;
      } else if (!addDifference(above, below, i++, wanted, j++, path)) {
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

  private void add(ComposedListing.Builder above, InputDirectory wanted, int index, String path) {
    if (wanted.kind(index) == Kind.DIRECTORY) {
      additions.add(above, wanted, index, child(path, wanted, index));
    } else {
      above.add(wanted, index);
    }
  }

  /** Adds what differs between two entries of one name; false where that is too much. */
  private boolean addDifference(
      ComposedListing.Builder above,
      InputDirectory below,
      int i,
      InputDirectory wanted,
      int j,
      String path)
      throws IOException {
    boolean directories = below.kind(i) == Kind.DIRECTORY && wanted.kind(j) == Kind.DIRECTORY;
    if (!directories) {
      if (!ForestNodes.sameLeaf(below, i, wanted, j)) {
        above.add(wanted, j);
        entriesLeft--;
      }
      return true;
    }
    Digest digest = wanted.digest(j);
    if (below.digest(i).equals(digest)) {
      common.add(digest);
      if (directoriesToEarn > 0) {
        directoriesToEarn--;
        directoriesLeft++;
      }
      return true;
    }
    ComposedListing inside = above(below.digest(i), digest, child(path, wanted, j));
    if (inside != null) {
      above.add(wanted.name(j), inside);
    }
    return inside != null;
  }

  /** The path of an entry of the directory at {@code path}. */
  static String child(String path, InputDirectory directory, int index) {
    String name = new String(directory.name(index), StandardCharsets.UTF_8);
    return path.isEmpty() ? name : path + "/" + name;
  }
}
