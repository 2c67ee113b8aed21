package build.inputfs.app.bench;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * An input tree: a directory of the native disk with a few files that are different, and the same
 * tree in the store.
 *
 * @param root the digest of the tree with the changes
 * @param directory what is on the disk, without the changes
 * @param changes the files that are new or different, by their paths in the tree
 */
record InputTree(Digest root, Path directory, Map<String, String> changes) {

  InputTree {
    changes = Map.copyOf(changes);
  }

  /** Makes the changes in a directory that is, or looks like, {@link #directory}. */
  void applyTo(Path copy) throws IOException {
    for (Map.Entry<String, String> change : changes.entrySet()) {
      Path file = copy.resolve(change.getKey());
      // A new file: the one that is there may have other names elsewhere.
      Files.deleteIfExists(file);
      Files.writeString(file, change.getValue());
    }
  }

  /** What {@link #applyTo} is going to replace in the native directory: null where nothing is. */
  Map<String, byte @Nullable []> replaced() throws IOException {
    Map<String, byte @Nullable []> contents = new TreeMap<>();
    for (String path : changes.keySet()) {
      Path file = directory.resolve(path);
      contents.put(path, Files.exists(file) ? Files.readAllBytes(file) : null);
    }
    return contents;
  }

  /** The contents of the changed files. */
  List<byte[]> contents() {
    return changes.values().stream()
        .map(content -> content.getBytes(StandardCharsets.UTF_8))
        .toList();
  }
}
