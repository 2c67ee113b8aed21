package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Deletes a subvolume in a process that may not do so in one call: {@code FOLDER}. */
final class DeleteSubvolume {
  private static final int TRIES = 12_000;

  private DeleteSubvolume() {}

  public static void main(String[] arguments) throws Exception {
    Posix posix = Posix.load();
    Subvolumes subvolumes = new Subvolumes(posix);
    try (TreeRemover remover = new TreeRemover(posix, 1);
        Workspace workspace = Workspace.open(posix, remover, subvolumes, Path.of(arguments[0]))) {
      Path tree = workspace.newPath();
      Posix.check(subvolumes.create(tree), "make " + tree);
      Files.writeString(Files.createDirectory(tree.resolve("d")).resolve("f"), "content");
      int refused = subvolumes.destroy(tree);
      if (refused != -Errnos.EPERM) {
        throw new IOException("not refused: " + refused);
      }
      workspace.delete(tree);
      for (int i = 0; Files.exists(tree) && i < TRIES; i++) {
        Thread.sleep(10);
      }
      if (Files.exists(tree)) {
        throw new IOException(tree + " is still there");
      }
    }
  }
}
