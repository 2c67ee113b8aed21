package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The layers that a forest knows, by path and digest. Thread-safe; nothing here does I/O.
 *
 * <p>A layer that is used is held by each who uses it, from {@link #hold} or {@link #holdNew} to
 * {@link #release}, and is never removed meanwhile. A path at which trees differ much is
 * <em>apart</em>: it gets no new layers, as the next tree would differ again.
 */
final class LayerTable {
  /** How many layers of one path are compared with a new tree, the latest first. */
  private static final int COMPARED = 2;

  private static final int MOST_APART = 10_000;

  /** One large subtree under its path, with nothing beside it. */
  static final class Layer {
    /** What it is called among the layers. */
    final String name;

    /** Path of the subtree within the trees that have it. */
    final String path;

    final Digest subtree;

    // Guarded by the table.
    private int holders;
    private long releasedNanos;

    private Layer(String name, String path, Digest subtree) {
      this.name = name;
      this.path = path;
      this.subtree = subtree;
    }

    /** What is in the layer: the directories of its path, and the subtree below the last. */
    ComposedListing listing() {
      String[] parts = path.split("/", -1);
      ComposedListing below =
          new ComposedListing.Builder(null).add(bytes(parts[parts.length - 1]), subtree).build();
      for (int i = parts.length - 2; i >= 0; i--) {
        below = new ComposedListing.Builder(null).add(bytes(parts[i]), below).build();
      }
      return below;
    }

    private static byte[] bytes(String name) {
      return name.getBytes(StandardCharsets.UTF_8);
    }
  }

  private final String prefix;

  // All guarded by this.
  private final Map<String, LinkedHashMap<Digest, Layer>> byPath = new HashMap<>();
  private final Set<String> apart = new HashSet<>();
  private long next;

  /**
   * A table.
   *
   * @param prefix of all names, such that nobody can have looked for one before it is given
   */
  LayerTable(String prefix) {
    this.prefix = prefix;
  }

  /** The layer of {@code path} and {@code subtree}, held, or null. */
  synchronized @Nullable Layer hold(String path, Digest subtree) {
    Map<Digest, Layer> layers = byPath.get(path);
    Layer layer = layers == null ? null : layers.get(subtree);
    if (layer != null) {
      layer.holders++;
    }
    return layer;
  }

  /** The layer of {@code path} and {@code subtree}, held; made when there is none. */
  synchronized Layer holdNew(String path, Digest subtree) {
    Layer layer =
        byPath
            .computeIfAbsent(path, key -> new LinkedHashMap<>())
            .computeIfAbsent(subtree, key -> new Layer(prefix + next++, path, subtree));
    layer.holders++;
    return layer;
  }

  /** The latest layers of {@code path}, the latest first; each is held. */
  synchronized List<Layer> holdLatest(String path) {
    LinkedHashMap<Digest, Layer> layers = byPath.get(path);
    if (layers == null) {
      return List.of();
    }
    List<Layer> latest = new ArrayList<>();
    for (Layer layer : layers.sequencedValues().reversed()) {
      if (latest.size() == COMPARED) {
        break;
      }
      layer.holders++;
      latest.add(layer);
    }
    return latest;
  }

  synchronized void release(Layer layer) {
    layer.holders--;
    layer.releasedNanos = System.nanoTime();
  }

  /** Removes the layers that nobody has held for so long. */
  synchronized List<Layer> removeIdle(long nanos) {
    List<Layer> idle = new ArrayList<>();
    long now = System.nanoTime();
    for (LinkedHashMap<Digest, Layer> layers : byPath.values()) {
      for (Layer layer : layers.values()) {
        if (layer.holders == 0 && now - layer.releasedNanos >= nanos) {
          idle.add(layer);
        }
      }
    }
    for (Layer layer : idle) {
      byPath.computeIfPresent(
          layer.path,
          (path, layers) -> {
            layers.remove(layer.subtree);
            return layers.isEmpty() ? null : layers;
          });
    }
    return idle;
  }

  synchronized boolean isApart(String path) {
    return apart.contains(path);
  }

  synchronized void setApart(String path) {
    if (apart.size() >= MOST_APART) {
      apart.clear(); // places are learnt again
    }
    apart.add(path);
  }
}
