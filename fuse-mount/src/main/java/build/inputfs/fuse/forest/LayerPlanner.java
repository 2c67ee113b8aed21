package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Splits a tree into layers, which other trees may share, and the skeleton, which is what is left.
 *
 * <p>Walks from the root towards the leaves. At each directory:
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
 * <p>How much is read for that is limited, not by the size of the tree but by a number: where the
 * limit is reached, or a directory is not at hand, the rest stays in the skeleton, which is always
 * right. Thread-safe.
 */
final class LayerPlanner {
  /** Below this many entries a subtree is not worth a layer. */
  private static final int SMALLEST_LAYER = 100;

  private static final int READ_LIMIT = 64;
  private static final int DIFFERENCE_ENTRIES = 500;
  private static final int DIFFERENCE_DIRECTORIES = 128;

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

  /**
   * A tree as a skeleton and the layers below it.
   *
   * @param layers each held: who has the plan releases them
   */
  record Plan(ComposedListing skeleton, List<LayerTable.Layer> layers) {}

  /**
   * Plans a tree.
   *
   * @throws IOException when its root cannot be read
   */
  Plan plan(Digest root) throws IOException {
    return new Walk().plan(root);
  }

  /** One walk. */
  private final class Walk {
    private final SubtreeSizes.Budget budget = new SubtreeSizes.Budget(READ_LIMIT);
    private final List<LayerTable.Layer> layers = new ArrayList<>();

    Plan plan(Digest root) throws IOException {
      ComposedListing skeleton = compose(reader.directory(root), "");
      return new Plan(skeleton, List.copyOf(layers));
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
        String name = new String(directory.name(i), StandardCharsets.UTF_8);
        try {
          place(skeleton, directory, i, path.isEmpty() ? name : path + "/" + name);
        } catch (IOException e) {
          // Not at hand: it stays in the skeleton whole, and who goes there learns what is wrong.
          skeleton.add(directory, i);
        }
      }
      return skeleton.build();
    }

    /** Decides about the subdirectory {@code i}, which is at {@code path}. */
    private void place(
        ComposedListing.Builder skeleton, InputDirectory directory, int i, String path)
        throws IOException {
      Digest digest = directory.digest(i);
      if (layers.size() >= mostLayers
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
            new TreeDifference(reader, DIFFERENCE_ENTRIES, DIFFERENCE_DIRECTORIES)
                .above(layer.subtree, wanted);
        if (difference != null) {
          return new Near(layer, difference);
        }
      }
      return null;
    }
  }
}
