package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What overlayfs shows of listings that lie one above the other. */
final class Overlaid {
  private final TreeReader reader;

  Overlaid(TreeReader reader) {
    this.reader = reader;
  }

  /** All paths in a tree, and what is there. */
  Map<String, String> contents(Digest tree) throws IOException {
    return contents(List.of(new PlainListing(reader.directory(tree))));
  }

  /**
   * The same for a stack.
   *
   * @param stack the first is on top
   */
  Map<String, String> contents(List<Listing> stack) throws IOException {
    Map<String, String> all = new TreeMap<>();
    add(all, "", stack);
    return all;
  }

  private void add(Map<String, String> all, String above, List<Listing> stack) throws IOException {
    Set<String> names = new TreeSet<>();
    for (Listing listing : stack) {
      for (int i = 0; i < listing.size(); i++) {
        names.add(new String(listing.name(i), StandardCharsets.UTF_8));
      }
    }
    for (String name : names) {
      add(all, above + name, name.getBytes(StandardCharsets.UTF_8), stack);
    }
  }

  /** Looks from the top for a name: directories merge until something else is met. */
  private void add(Map<String, String> all, String path, byte[] name, List<Listing> stack)
      throws IOException {
    List<Listing> merged = new ArrayList<>();
    for (Listing listing : stack) {
      int i = listing.find(name);
      if (i < 0) {
        continue;
      }
      if (listing.isWhiteout(i)) {
        break;
      }
      if (!listing.isDirectory(i)) {
        if (merged.isEmpty()) {
          all.put(path, leaf(listing.source(i), listing.sourceIndex(i)));
        }
        break;
      }
      ComposedListing composed = listing.composed(i);
      merged.add(
          composed != null
              ? composed
              : new PlainListing(reader.directory(listing.directoryDigest(i))));
    }
    if (!merged.isEmpty()) {
      all.put(path, "directory");
      add(all, path + "/", merged);
    }
  }

  private static String leaf(InputDirectory input, int i) {
    return switch (input.kind(i)) {
      case FILE -> input.digest(i) + (input.executable(i) ? " x" : "");
      case SYMLINK -> "-> " + new String(input.target(i), StandardCharsets.UTF_8);
      case DIRECTORY -> throw new IllegalArgumentException("a directory is no leaf");
    };
  }
}
