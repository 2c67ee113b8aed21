package build.inputfs.cas.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A folder whose files are named by hash, spread over subfolders by the hash's first two digits:
 * {@code ab/abcd…}, as Bazel's disk cache does. Stateless.
 */
public record Fanout(Path root) {
  /** Where the file of this hash is, whether or not it exists. */
  public Path path(String hex) {
    return root.resolve(hex.substring(0, 2)).resolve(hex);
  }

  /** Renames a finished file into place, over what may be there. */
  void publish(Path finished, Path target) throws IOException {
    try {
      Files.move(finished, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      Files.createDirectories(parent(target));
      Files.move(finished, target, StandardCopyOption.ATOMIC_MOVE);
    }
  }

  private static Path parent(Path target) {
    Path parent = target.getParent();
    if (parent == null) {
      throw new IllegalArgumentException(target + " is in no folder");
    }
    return parent;
  }
}
