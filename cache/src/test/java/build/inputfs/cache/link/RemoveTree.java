package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;

/** Removes one tree in a process of its own: {@code PATH}. */
final class RemoveTree {
  private RemoveTree() {}

  public static void main(String[] arguments) throws IOException {
    try (TreeRemover remover = new TreeRemover(Posix.load(), 2)) {
      remover.remove(Path.of(arguments[0]));
    }
  }
}
