package build.inputfs.fuse.mount;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Looks at mount points without touching what is mounted there, which might hang. */
public final class MountPoints {
  private MountPoints() {}

  /**
   * The real path of a directory that a mount may be put on.
   *
   * @throws MountException where it does not exist, is not empty, or is a mount point
   */
  public static Path check(Path mountPoint) throws MountException {
    try {
      refuseMountPoint(withoutTouching(mountPoint));
      Path path = mountPoint.toRealPath();
      refuseMountPoint(path);
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        if (entries.iterator().hasNext()) {
          throw new MountException(
              "the mount point " + mountPoint + " is not empty: give an empty directory");
        }
      }
      return path;
    } catch (MountException e) {
      throw e;
    } catch (NoSuchFileException e) {
      throw new MountException(
          "the mount point " + mountPoint + " does not exist: create the directory first", e);
    } catch (NotDirectoryException e) {
      throw new MountException("the mount point " + mountPoint + " is not a directory", e);
    } catch (IOException e) {
      throw new MountException("cannot use the mount point " + mountPoint + ": " + e, e);
    }
  }

  private static void refuseMountPoint(Path path) throws IOException {
    MountTable.Line line = MountTable.read().at(path);
    if (line != null) {
      throw new MountException(
          line.isOurs()
              ? path
                  + " is a mount of inputfs already: remove it with `inputfs unmount "
                  + path
                  + "`"
              : path + " is a mount point already (" + line.type() + ")");
    }
  }

  /** The real path but for the last name, which may be a mount that nobody serves. */
  public static Path withoutTouching(Path mountPoint) throws IOException {
    Path path = mountPoint.toAbsolutePath().normalize();
    Path parent = path.getParent();
    Path name = path.getFileName();
    return parent == null || name == null ? path : parent.toRealPath().resolve(name);
  }
}
