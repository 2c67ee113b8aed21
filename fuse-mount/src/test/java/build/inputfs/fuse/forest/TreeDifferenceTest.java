package build.inputfs.fuse.forest;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lies above a tree makes it look like another: as an overlay would put the two together. */
final class TreeDifferenceTest {
  @TempDir Path temp;
  private TestTrees trees;
  private Overlaid overlaid;

  @BeforeEach
  void open() throws IOException {
    trees = new TestTrees(temp);
    overlaid = new Overlaid(trees.reader);
  }

  @AfterEach
  void close() throws IOException {
    trees.close();
  }

  @Test
  void above_ofOneChangedFile_holdsThatFileAndItsPathAlone() throws IOException {
    Digest below = trees.put(Map.of("a/b/c", "1", "a/b/d", "2", "a/x", "3", "y", "4"));
    Digest wanted = trees.put(Map.of("a/b/c", "changed", "a/b/d", "2", "a/x", "3", "y", "4"));
    assertThat(flatten(above(below, wanted))).containsOnlyKeys("a/b/c");
  }

  @Test
  void above_ofARemovedName_isAWhiteout() throws IOException {
    Digest below = trees.put(Map.of("a/b", "1", "a/c", "2", "d/e", "3"));
    Digest wanted = trees.put(Map.of("a/b", "1"));
    assertThat(flatten(above(below, wanted))).isEqualTo(Map.of("a/c", "gone", "d", "gone"));
  }

  @Test
  void above_ofMoreThanTheLimit_isNull() throws IOException {
    Digest below = trees.put(Map.of("a", "1", "b", "2", "c", "3"));
    Digest wanted = trees.put(Map.of("a", "4", "b", "5", "c", "6"));
    assertThat(difference(2, 100).above(below, wanted, "")).isNull();
    assertThat(difference(3, 100).above(below, wanted, "")).isNotNull();
    assertThat(difference(3, 0).above(below, wanted, "")).isNull();
  }

  @Test
  void above_ofRandomTrees_makesOneLookLikeTheOther() throws IOException {
    long seed = Long.getLong("inputfs.test.seed", 4_401_927L);
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      Map<String, String> before = randomTree(random);
      Map<String, String> after = changed(before, random);
      Digest below = trees.put(before);
      Digest wanted = trees.put(after);
      Listing lower = new PlainListing(trees.reader.directory(below));
      assertThat(overlaid.contents(List.of(above(below, wanted), lower)))
          .describedAs("seed %d, round %d", seed, round)
          .isEqualTo(overlaid.contents(wanted));
    }
  }

  private TreeDifference difference(int entries, int directories) {
    return new TreeDifference(
        trees.reader,
        entries,
        directories,
        (above, directory, index, path) -> above.add(directory, index));
  }

  private ComposedListing above(Digest below, Digest wanted) throws IOException {
    ComposedListing above = difference(10_000, 10_000).above(below, wanted, "");
    assertThat(above).isNotNull();
    return Objects.requireNonNull(above);
  }

  private static Map<String, String> randomTree(Random random) {
    Map<String, String> files = new TreeMap<>();
    for (int i = 0; i < 12; i++) {
      addRandom(files, random);
    }
    return files;
  }

  private static Map<String, String> changed(Map<String, String> files, Random random) {
    Map<String, String> changed = new TreeMap<>(files);
    for (int i = random.nextInt(5); i > 0 && !changed.isEmpty(); i--) {
      changed.remove(changed.keySet().toArray(new String[0])[random.nextInt(changed.size())]);
    }
    for (int i = random.nextInt(5); i > 0; i--) {
      addRandom(changed, random);
    }
    return changed;
  }

  /** Adds a file, unless its path leads through one or to a directory. */
  private static void addRandom(Map<String, String> files, Random random) {
    String path = "";
    for (int depth = random.nextInt(3); depth >= 0; depth--) {
      path += "abcd".charAt(random.nextInt(4)) + (depth > 0 ? "/" : "");
    }
    for (String other : files.keySet()) {
      if (other.startsWith(path + "/") || path.startsWith(other + "/")) {
        return;
      }
    }
    String[] kinds = {"text", "other", "#!run", "->text", "->other"};
    files.put(path, kinds[random.nextInt(kinds.length)]);
  }

  /** All leaves and whole subtrees of a listing by path. */
  private static Map<String, String> flatten(Listing listing) {
    Map<String, String> flat = new TreeMap<>();
    for (int i = 0; i < listing.size(); i++) {
      String name = new String(listing.name(i), StandardCharsets.UTF_8);
      Listing composed = listing.composed(i);
      if (composed != null) {
        flatten(composed).forEach((path, content) -> flat.put(name + "/" + path, content));
      } else {
        flat.put(name, listing.isWhiteout(i) ? "gone" : "there");
      }
    }
    return flat;
  }
}
