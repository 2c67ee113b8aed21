package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What is in a view that exists in memory alone. */
record MemoryTree(Directory root) implements ViewTree {

  /** A directory in memory. */
  record Folder(@Nullable Digest digest, List<Child> children) implements ViewTree.Directory {

    /** A directory that the action has made or changed. */
    static Folder of(Map<String, Node> nodes) {
      TreeMap<String, Node> sorted =
          new TreeMap<>(
              (a, b) ->
                  Arrays.compareUnsigned(
                      a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8)));
      sorted.putAll(nodes);
      return new Folder(
          null, sorted.entrySet().stream().map(e -> new Child(e.getKey(), e.getValue())).toList());
    }
  }

  @Override
  public @Nullable Node find(String path) {
    Node node = root;
    for (String part : path.split("/", -1)) {
      if (part.isEmpty()) {
        continue;
      }
      if (!(node instanceof Folder folder)) {
        return null;
      }
      node =
          folder.children().stream()
              .filter(child -> child.name().equals(part))
              .map(Child::node)
              .findFirst()
              .orElse(null);
    }
    return node;
  }
}
