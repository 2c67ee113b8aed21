package build.inputfs.app.run;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * A new, empty directory to have a view at, in a folder that its owner alone may enter. Closing it
 * deletes both; a view there has been closed before.
 */
final class MountPoint implements AutoCloseable {
  private static final int ATTEMPTS = 1000;

  private final Path folder;
  private final Path path;

  private MountPoint(Path folder) {
    this.folder = folder;
    this.path = folder.resolve("view");
  }

  /** Makes one below {@code parent}. */
  static MountPoint make(Path parent) throws IOException {
    long pid = ProcessHandle.current().pid();
    for (int i = 0; i < ATTEMPTS; i++) {
      Path folder = parent.toAbsolutePath().resolve("inputfs-" + pid + (i == 0 ? "" : "-" + i));
      try {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } catch (FileAlreadyExistsException e) {
        continue;
      }
      MountPoint point = new MountPoint(folder);
      try {
        Files.createDirectory(point.path);
      } catch (IOException e) {
        Files.delete(folder);
        throw e;
      }
      return point;
    }
    throw new IOException(
        "cannot make a folder for the view: inputfs-" + pid + " and so on are all in " + parent);
  }

  /** The empty directory. */
  Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    Files.delete(path);
    Files.delete(folder);
  }
}
