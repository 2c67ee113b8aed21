package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.InvalidTreeException;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which parts of a tree are trees of the cache for themselves: the topmost subtrees that have so
 * many entries. For one use by one thread.
 */
final class TreePlan {
  private final TreeReader trees;
  private final long threshold;
  private final Map<Digest, Long> sizes = new HashMap<>();
  private final Map<String, Digest> joints = new LinkedHashMap<>();
  private long bytes;
  private long entries;

  private TreePlan(TreeReader trees, long threshold) {
    this.trees = trees;
    this.threshold = threshold;
  }

  /**
   * Plans the tree of {@code root}.
   *
   * @param threshold how many entries, all levels together, make a subtree large
   */
  static TreePlan of(TreeReader trees, Digest root, long threshold) throws IOException {
    TreePlan plan = new TreePlan(trees, threshold);
    var _ = plan.size(root, 1);
    plan.walk(root, "");
    return plan;
  }

  /** The large subtrees by their paths. */
  Map<String, Digest> joints() {
    return joints;
  }

  /** Size of the files that are not in large subtrees. */
  long bytes() {
    return bytes;
  }

  /** Number of entries that are not in large subtrees, the root included. */
  long entries() {
    return entries;
  }

  private void walk(Digest digest, String prefix) throws IOException {
    InputDirectory directory = trees.directory(digest);
    entries += 1;
    for (int i = 0; i < directory.size(); i++) {
      switch (directory.kind(i)) {
        case FILE -> {
          entries++;
          bytes += directory.fileSize(i);
        }
        case SYMLINK -> entries++;
        case DIRECTORY -> {
          String path = prefix + new String(directory.name(i), StandardCharsets.UTF_8);
          Digest child = directory.digest(i);
          if (size(child, 1) >= threshold) {
            joints.put(path, child);
          } else {
            walk(child, path + "/");
          }
        }
      }
    }
  }

  /** How many entries the tree unfolds to, each directory read once. */
  private long size(Digest digest, int level) throws IOException {
    Long known = sizes.get(digest);
    if (known != null) {
      return known;
    }
    if (level > TreeReader.MAX_DEPTH) {
      throw new InvalidTreeException(
          digest, "the tree is more than " + TreeReader.MAX_DEPTH + " levels deep");
    }
    InputDirectory directory = trees.directory(digest);
    long size = 1;
    for (int i = 0; i < directory.size(); i++) {
      long more =
          switch (directory.kind(i)) {
            case FILE, SYMLINK -> 1;
            case DIRECTORY -> size(directory.digest(i), level + 1);
          };
      size = Math.min(size + more, Long.MAX_VALUE / 2);
    }
    sizes.put(digest, size);
    return size;
  }
}
