package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a tree has in common with those that are known, and how to show it so that this is
 * shared.
 *
 * <p>A tree that is near a known one is shown as that one, the <em>base</em>, below the difference.
 * One that has nothing in common with any is shown whole. Where there is something, but also much
 * that differs, the tree is split into layers, which other trees may share, and the skeleton, which
 * is what is left. For that the planner walks from the root towards the leaves. At each directory:
 *
 * <ol>
 *   <li>one with few entries below it stays in the skeleton;
 *   <li>a layer of this path and digest that is known is used;
 *   <li>one of this path that differs little is used, and what differs goes into the skeleton;
 *   <li>where one is known that differs much, this path is no good place for a layer: the walk goes
 *       on below, so that places come to where trees really have something in common;
 *   <li>what is left becomes a new layer.
 * </ol>
 *
 * <p>So it goes too for a directory that the base does not have.
 *
 * <p>How much is read for all that is limited, not by the size of the tree but by a number: where
 * the limit is reached, or a directory is not at hand, less is shared, and all is right.
 * Thread-safe.
 */
final class LayerPlanner {
  /** Below this many entries a subtree is not worth a layer. */
  private static final int SMALLEST_LAYER = 100;

  private static final int READ_LIMIT = 24;
  private static final int DIFFERENCE_ENTRIES = 500;
  private static final int DIFFERENCE_DIRECTORIES = 64;

  /** To tell which of two trees has more in common with a third it is enough to count so far. */
  private static final int COMMON_ENTRIES = 1000;

  private final TreeReader reader;
  private final SubtreeSizes sizes;
  private final LayerTable table;
  private final int mostLayers;

  /**
   * A planner.
   *
   * @param mostLayers how many layers one tree may have
   */
  LayerPlanner(TreeReader reader, LayerTable table, int mostLayers) {
    this.reader = reader;
    this.sizes = new SubtreeSizes(reader);
    this.table = table;
    this.mostLayers = mostLayers;
  }

  /** A known tree that others may be laid over. */
  interface Base {
    Digest root();

    /** How many layers it has itself. */
    int layerCount();
  }

  /**
   * How to show a tree.
   *
   * @param base the known tree that lies below, or null
   * @param top the difference to the base, or the skeleton; null where the tree is shown whole
   * @param layers beside those of the base; each held: who has the plan releases them
   */
  record Plan<B extends Base>(
      @Nullable B base, @Nullable ComposedListing top, List<LayerTable.Layer> layers) {}

  /**
   * Plans a tree.
   *
   * @param bases the known trees to compare it with
   * @throws IOException when its root cannot be read
   */
  <B extends Base> Plan<B> plan(Digest root, List<B> bases) throws IOException {
    InputDirectory directory = reader.directory(root);
    Map<B, List<Digest>> near = new LinkedHashMap<>();
    boolean related = false;
    for (B base : bases) {
      TreeDifference difference = difference(LayerPlanner::addPlainly);
      boolean isNear = above(difference, base.root(), root) != null;
      List<Digest> common = difference.common();
      related |= !common.isEmpty();
      if (isNear && !common.isEmpty()) {
        near.put(base, common);
      }
    }
    if (!related) {
      return new Plan<>(null, null, List.of());
    }
    B nearest = nearest(near);
    if (nearest != null) {
      Walk walk = new Walk(mostLayers - nearest.layerCount());
      ComposedListing top = above(difference(walk::add), nearest.root(), root);
      if (top != null) {
        return new Plan<>(nearest, top, walk.layers);
      }
      walk.layers.forEach(table::release); // what could be read before cannot be read now
    }
    Walk walk = new Walk(mostLayers);
    return new Plan<>(null, walk.compose(directory, ""), walk.layers);
  }

  /** The one that has most in common with the tree; counting that takes reading. */
  private <B extends Base> @Nullable B nearest(Map<B, List<Digest>> near) {
    B nearest = null;
    int most = -1;
    for (Map.Entry<B, List<Digest>> each : near.entrySet()) {
      int score = near.size() == 1 ? 0 : score(each.getValue());
      if (score > most) {
        nearest = each.getKey();
        most = score;
      }
    }
    return nearest;
  }

  private TreeDifference difference(TreeDifference.Additions additions) {
    return new TreeDifference(reader, DIFFERENCE_ENTRIES, DIFFERENCE_DIRECTORIES, additions);
  }

  private static void addPlainly(
      ComposedListing.Builder above, InputDirectory wanted, int index, String path) {
    above.add(wanted, index);
  }

  private static @Nullable ComposedListing above(
      TreeDifference difference, Digest base, Digest root) {
    try {
      return difference.above(base, root, "");
    } catch (IOException e) {
      return null; // who goes there learns what is wrong
    }
  }

  /** How much is in these directories; what cannot be counted soon counts once. */
  private int score(List<Digest> directories) {
    SubtreeSizes.Budget budget = new SubtreeSizes.Budget(READ_LIMIT);
    int score = 0;
    for (Digest directory : directories) {
      score += 1;
      try {
        score += sizes.count(directory, COMMON_ENTRIES, budget);
      } catch (IOException e) {
        // Counts once.
      }
    }
    return score;
  }

  /** One walk. */
  private final class Walk {
    private final SubtreeSizes.Budget budget = new SubtreeSizes.Budget(READ_LIMIT);
    private final List<LayerTable.Layer> layers = new ArrayList<>();
    private final int most;

    Walk(int most) {
      this.most = most;
    }

    private ComposedListing compose(InputDirectory directory, String path) {
      ComposedListing.Builder skeleton = new ComposedListing.Builder(directory);
      List<Integer> subdirectories = new ArrayList<>();
      for (int i = 0; i < directory.size(); i++) {
        if (directory.kind(i) == Kind.DIRECTORY) {
          subdirectories.add(i);
        } else {
          skeleton.add(directory, i);
        }
      }
      // There may be more of them than layers: the size of a message hints at what is below it.
      subdirectories.sort(Comparator.comparingLong((Integer i) -> -directory.fileSize(i)));
      for (int i : subdirectories) {
        add(skeleton, directory, i, TreeDifference.child(path, directory, i));
      }
      return skeleton.build();
    }

    /** Adds the subdirectory {@code i}, which is at {@code path}, or has a layer show it. */
    void add(ComposedListing.Builder skeleton, InputDirectory directory, int i, String path) {
      try {
        place(skeleton, directory, i, path);
      } catch (IOException e) {
        // Not at hand: it stays in the skeleton whole, and who goes there learns what is wrong.
        skeleton.add(directory, i);
      }
    }

    /** Decides about the subdirectory {@code i}, which is at {@code path}. */
    private void place(
        ComposedListing.Builder skeleton, InputDirectory directory, int i, String path)
        throws IOException {
      Digest digest = directory.digest(i);
      if (layers.size() >= most
          || sizes.atLeast(digest, SMALLEST_LAYER, budget) == SubtreeSizes.Answer.NO) {
        skeleton.add(directory, i);
        return;
      }
      LayerTable.Layer same = table.hold(path, digest);
      if (same != null) {
        layers.add(same);
        return;
      }
      List<LayerTable.Layer> others = table.holdLatest(path);
      Near near = null;
      try {
        near = nearest(others, digest);
      } finally {
        for (LayerTable.Layer other : others) {
          if (near == null || near.layer != other) {
            table.release(other);
          }
        }
      }
      if (near != null) {
        layers.add(near.layer);
        skeleton.add(directory.name(i), near.difference);
      } else if (others.isEmpty() && !table.isApart(path)) {
        layers.add(table.holdNew(path, digest));
      } else {
        table.setApart(path);
        if (budget.take()) {
          skeleton.add(directory.name(i), compose(reader.directory(digest), path));
        } else {
          skeleton.add(directory, i);
        }
      }
    }

    /** A layer, and what must lie above it. */
    private record Near(LayerTable.Layer layer, ComposedListing difference) {}

    private @Nullable Near nearest(List<LayerTable.Layer> layers, Digest wanted)
        throws IOException {
      for (LayerTable.Layer layer : layers) {
        ComposedListing difference =
            difference(LayerPlanner::addPlainly).above(layer.subtree, wanted, "");
        if (difference != null) {
          return new Near(layer, difference);
        }
      }
      return null;
    }
  }
}
