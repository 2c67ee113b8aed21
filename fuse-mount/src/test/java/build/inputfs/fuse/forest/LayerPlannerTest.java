package build.inputfs.fuse.forest;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever the planner decides, the stack shows the tree; and what is known is shared. */
final class LayerPlannerTest {
  private static final int MOST_LAYERS = 4;

  @TempDir Path temp;
  private TestTrees trees;
  private LayerPlanner planner;
  private Overlaid overlaid;

  @BeforeEach
  void open() throws IOException {
    trees = new TestTrees(temp);
    planner = new LayerPlanner(trees.reader, new LayerTable("t-"), MOST_LAYERS);
    overlaid = new Overlaid(trees.reader);
  }

  @AfterEach
  void close() throws IOException {
    trees.close();
  }

  /** A tree that was planned, as a base for others. */
  private record Known(Digest root, LayerPlanner.Plan<Known> plan) implements LayerPlanner.Base {
    @Override
    public int layerCount() {
      return layers().size();
    }

    List<LayerTable.Layer> layers() {
      List<LayerTable.Layer> layers = new ArrayList<>(plan.layers());
      Known base = plan.base();
      if (base != null) {
        layers.addAll(base.layers());
      }
      return layers;
    }
  }

  private Known plan(Digest root, Known... bases) throws IOException {
    Known known = new Known(root, planner.plan(root, List.of(bases)));
    assertThat(overlaid.contents(stack(known))).isEqualTo(overlaid.contents(root));
    assertThat(known.layerCount()).isLessThanOrEqualTo(MOST_LAYERS);
    return known;
  }

  private List<Listing> stack(Known tree) throws IOException {
    List<Listing> stack = new ArrayList<>();
    for (Known each = tree; each != null; each = each.plan.base()) {
      ComposedListing top = each.plan.top();
      stack.add(top != null ? top : new PlainListing(trees.reader.directory(each.root)));
    }
    for (LayerTable.Layer layer : tree.layers()) {
      stack.add(layer.listing());
    }
    return stack;
  }

  private static Map<String, String> large(String directory, int files) {
    Map<String, String> large = new TreeMap<>();
    for (int i = 0; i < files; i++) {
      large.put(directory + "/part" + i % 10 + "/" + i, directory + i);
    }
    return large;
  }

  @SafeVarargs
  private Digest put(Map<String, String>... parts) throws IOException {
    Map<String, String> all = new TreeMap<>();
    for (Map<String, String> part : parts) {
      all.putAll(part);
    }
    return trees.put(all);
  }

  @Test
  void plan_ofTheFirstTree_isThatTreeWhole() throws IOException {
    Known first = plan(put(large("lib", 200), Map.of("src/a", "1")));
    assertThat(first.plan).isEqualTo(new LayerPlanner.Plan<Known>(null, null, List.of()));
  }

  @Test
  void plan_ofANearTree_liesOverTheKnownOneWithTheChangedPathAlone() throws IOException {
    Known first = plan(put(large("lib", 200), Map.of("src/a", "1", "gen/x", "2")));
    Known next = plan(put(large("lib", 200), Map.of("src/a", "changed", "gen/x", "2")), first);
    assertThat(next.plan.base()).isEqualTo(first);
    ComposedListing top = Objects.requireNonNull(next.plan.top());
    assertThat(top.size()).isEqualTo(1);
    assertThat(Objects.requireNonNull(top.composed(0)).size()).isEqualTo(1);
  }

  @Test
  void plan_ofATreeWithNothingInCommon_isThatTreeWhole() throws IOException {
    Known first = plan(put(large("lib", 200)));
    Known other = plan(put(large("lib", 150), large("own", 20)), plan(put(large("x", 5))));
    assertThat(other.plan.base()).isNull();
    assertThat(other.plan.top()).isNull();
    assertThat(plan(put(Map.of("only", "1")), first, other).plan.top()).isNull();
  }

  @Test
  void plan_withALargeDirectoryMore_makesItALayerThatTheNextTreeShares() throws IOException {
    Known first = plan(put(large("lib", 200), Map.of("src/a", "1")));
    Known second = plan(put(large("lib", 200), large("more", 150)), first);
    Known third = plan(put(large("lib", 200), large("more", 150), Map.of("src/c", "3")), first);
    assertThat(second.plan.layers()).extracting(layer -> layer.path).containsExactly("more");
    assertThat(third.plan.layers()).isEqualTo(second.plan.layers());
  }

  @Test
  void plan_withSeveralNearTrees_takesTheOneThatHasMostInCommon() throws IOException {
    Known small = plan(put(large("tools", 20), Map.of("a", "1")));
    Known large = plan(put(large("lib", 300), Map.of("src/a", "1")));
    Digest wanted = put(large("tools", 20), large("lib", 300), Map.of("src/b", "2"));
    assertThat(plan(wanted, small, large).plan.base()).isEqualTo(large);
    assertThat(plan(wanted, large, small).plan.base()).isEqualTo(large);
  }

  @Test
  void plan_whereMuchDiffers_splitsTheTreeAndSharesItsLargeParts() throws IOException {
    Map<String, String> many = new TreeMap<>();
    Map<String, String> others = new TreeMap<>();
    for (int i = 0; i < 600; i++) {
      many.put("out/" + i, "1");
      others.put("out/" + i, "2");
    }
    Known first = plan(put(large("lib", 200), many));
    Known second = plan(put(large("lib", 200), others), first);
    assertThat(second.plan.base()).isNull();
    assertThat(second.plan.layers()).extracting(layer -> layer.path).contains("lib");
    Known third = plan(put(large("lib", 200), others, Map.of("out/own", "3")), first);
    assertThat(third.plan.layers()).containsAnyElementsOf(second.plan.layers());
  }

  @Test
  void plan_whenADirectoryIsMissing_stillShowsWhatIsThere() throws IOException {
    Known first = plan(put(large("lib", 200), Map.of("src/a", "1")));
    Digest src = trees.put(Map.of("a", "2"));
    Digest wanted = put(large("lib", 200), Map.of("src/a", "2"));
    delete(src);
    LayerPlanner.Plan<Known> plan =
        new LayerPlanner(new TreeReader(trees.store, 1 << 20), new LayerTable("u-"), MOST_LAYERS)
            .plan(wanted, List.of(first));
    assertThat(plan.base()).isNull();
  }

  private void delete(Digest blob) throws IOException {
    Files.delete(trees.store.locate(blob, false));
  }

  @Test
  void plan_ofRandomTrees_showsEachWhateverIsKnown() throws IOException {
    long seed = Long.getLong("inputfs.test.seed", 7_204_118L);
    Random random = new Random(seed);
    for (int round = 0; round < 4; round++) {
      List<Known> known = new ArrayList<>();
      Map<String, String> files = new TreeMap<>();
      for (int step = 0; step < 12; step++) {
        change(files, random);
        Known[] bases =
            known.stream().filter(tree -> tree.plan.base() == null).toArray(Known[]::new);
        try {
          known.addFirst(plan(trees.put(files), bases));
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed + ", round " + round + ", step " + step, e);
        }
        if (known.size() > 4) {
          known.removeLast();
        }
      }
    }
  }

  /** Adds, removes and changes directories of some size, and single files. */
  private static void change(Map<String, String> files, Random random) {
    for (int i = random.nextInt(4); i >= 0; i--) {
      String directory = "d" + random.nextInt(3) + "/e" + random.nextInt(3);
      switch (random.nextInt(4)) {
        case 0 -> files.putAll(large(directory, 130));
        case 1 -> files.keySet().removeIf(path -> path.startsWith(directory + "/"));
        case 2 -> files.put(directory + "/part0/" + random.nextInt(20), "c" + random.nextInt(9));
        default -> files.put("top" + random.nextInt(5), "c" + random.nextInt(9));
      }
    }
  }
}
