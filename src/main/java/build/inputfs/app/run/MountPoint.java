package build.inputfs.app.run;

import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A new, empty directory to have a view at, in a folder that its owner alone may enter. Closing it
 * deletes both; a view there has been closed before. What killed processes have left is removed by
 * the next, unless something is mounted there.
 */
final class MountPoint implements AutoCloseable {
  private final SessionFolder folder;
  private final Path path;

  private MountPoint(SessionFolder folder, Path path) {
    this.folder = folder;
    this.path = path;
  }

  /** Makes one below {@code parent}. */
  static MountPoint make(Posix posix, Path parent) throws IOException {
    SessionFolder folder =
        SessionFolder.open(
            posix,
            parent.toAbsolutePath(),
            "inputfs-",
            left -> MountTable.read().below(left).isEmpty());
    try {
      return new MountPoint(folder, Files.createDirectory(folder.path().resolve("view")));
    } catch (IOException e) {
      folder.close();
      throw e;
    }
  }

  /** The empty directory. */
  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    Files.delete(path);
    folder.close();
  }
}
