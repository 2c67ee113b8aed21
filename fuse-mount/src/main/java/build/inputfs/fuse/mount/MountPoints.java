package build.inputfs.fuse.mount;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Looks at mount points without touching what is mounted there, which might hang. */
public final class MountPoints {
  /** Opens a directory as a place alone: open(2) then asks no filesystem for permission. */
  private static final int AS_PLACE = Posix.O_PATH | Posix.O_DIRECTORY;

  private static final int LONGEST_PATH = 4096;

  /** How many symlinks the kernel follows in a path: path_resolution(7). */
  private static final int MOST_LINKS = 40;

  private MountPoints() {}

  /**
   * The real path of a directory that a mount may be put on.
   *
   * @throws MountException where it does not exist, is not empty, or is a mount point
   */
  public static Path check(Posix posix, Path mountPoint) throws MountException {
    int place = posix.open(mountPoint, AS_PLACE, 0);
    if (place < 0) {
      throw new MountException(problem(mountPoint, -place));
    }
    try {
      Path path = realPath(posix, place);
      refuseMountPoint(posix, place, path);
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        if (entries.iterator().hasNext()) {
          throw new MountException(
              "the mount point " + mountPoint + " is not empty: give an empty directory");
        }
      }
      return path;
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      throw new MountException("cannot use the mount point " + mountPoint + ": " + e, e);
    } finally {
      posix.close(place);
    }
  }

  private static String problem(Path mountPoint, int errno) {
    if (errno == Errnos.ENOENT) {
      return "the mount point " + mountPoint + " does not exist: create the directory first";
    }
    if (errno == Errnos.ENOTDIR) {
      return "the mount point " + mountPoint + " is not a directory";
    }
    return "cannot use the mount point " + mountPoint + ": " + PosixException.describe(errno);
  }

  /** Where the directory is now that a descriptor from {@link #open} names. */
  public static Path realPath(Posix posix, int place) throws IOException {
    byte[] buffer = new byte[LONGEST_PATH];
    int length = Posix.check(posix.pathOf(place, buffer), "find its path");
    return Path.of(new String(buffer, 0, length, StandardCharsets.UTF_8));
  }

  private static void refuseMountPoint(Posix posix, int place, Path path) throws IOException {
    FileStat stat = new FileStat();
    Posix.check(posix.statMount(place, stat), "statx " + path);
    if (stat.knowsMount() && !stat.isMountRoot()) {
      return;
    }
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

  /**
   * A descriptor of the directory at {@code path}, or of the root of what is mounted there, that is
   * good for naming it and no more: the caller's to close; or a negated errno.
   */
  public static int open(Posix posix, Path path) {
    return posix.open(path, AS_PLACE | Posix.O_NOFOLLOW, 0);
  }

  /**
   * The number of the mount that a descriptor from {@link #open} is the root of, or -1 where it is
   * the root of none.
   *
   * @param path where it was opened
   */
  public static long mountId(Posix posix, int place, Path path) throws IOException {
    FileStat stat = new FileStat();
    Posix.check(posix.statMount(place, stat), "statx " + path);
    if (stat.knowsMount()) {
      return stat.isMountRoot() ? stat.mountId() : -1;
    }
    MountTable.Line line = MountTable.read().at(path);
    return line == null ? -1 : line.id();
  }

  /** The number of the mount that is seen at {@code path}, or -1 where there is none. */
  public static long mountId(Posix posix, Path path) throws IOException {
    int place = open(posix, path);
    if (place < 0) {
      return -1;
    }
    try {
      return mountId(posix, place, path);
    } finally {
      posix.close(place);
    }
  }

  /**
   * Unmounts what a descriptor from {@link #open} is the root of, at once, if that is the mount
   * {@code id}: somebody may have been faster.
   *
   * @param place the descriptor, or a negated errno: then there is nothing to unmount
   * @param path where it was opened
   * @return whether it was that mount
   */
  public static boolean unmount(Posix posix, int place, Path path, long id) throws IOException {
    if (place < 0 || mountId(posix, place, path) != id) {
      return false;
    }
    Posix.check(
        posix.umount2(Path.of("/proc/self/fd/" + place), Posix.MNT_DETACH), "unmount " + path);
    return true;
  }

  /**
   * The real path, found without asking what is mounted there, which may be served by nobody: to
   * ask for a symlink's target asks no directory's filesystem (readlink(2), EINVAL).
   */
  public static Path withoutTouching(Path mountPoint) throws IOException {
    Path path = withRealParent(mountPoint.toAbsolutePath().normalize());
    for (int links = 0; links < MOST_LINKS; links++) {
      Path target;
      try {
        target = Files.readSymbolicLink(path);
      } catch (FileSystemException e) {
        return path;
      }
      path = withRealParent(path.resolveSibling(target));
    }
    throw new FileSystemLoopException(mountPoint.toString());
  }

  private static Path withRealParent(Path path) throws IOException {
    Path parent = path.getParent();
    Path name = path.getFileName();
    return parent == null || name == null ? path : parent.toRealPath().resolve(name).normalize();
  }
}
