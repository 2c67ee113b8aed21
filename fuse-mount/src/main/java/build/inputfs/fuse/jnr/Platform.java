package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import java.nio.file.Path;
import java.util.List;

/**
 * What differs between the systems that this transport serves: where the library is, what a mount
 * is asked for, and how it is removed. Thread-safe.
 */
interface Platform {

  /** The platform of this machine. */
  static Platform of(Posix posix, String operatingSystem) {
    return operatingSystem.startsWith("Mac")
        ? new MacPlatform(MountTable::read, MacPlatform::run)
        : new LinuxPlatform(posix);
  }

  /** Names and paths of the library, the best first. */
  List<String> libraries();

  /** What to install where there is no library. */
  String advice();

  /**
   * The real path of a directory that a mount may be put on.
   *
   * @throws MountException where it does not exist, is not empty, is a mount point, or this system
   *     does not let this process mount; the message says what to do
   */
  Path check(Path mountPoint) throws MountException;

  /** Whether users expect names to be found whatever the case of their letters is. */
  boolean ignoresCase();

  /** The options of a mount that are not the library's own. */
  List<String> mountOptions(JnrOptions options, Path mountPoint);

  /**
   * What tells the mount at a path from others that are put there later.
   *
   * @throws MountException where there is none
   */
  long identity(Path path) throws MountException;

  /**
   * Removes a mount, also from under processes that use it. Does nothing where it is gone.
   *
   * @param identity what {@link #identity} gave
   */
  void unmount(Path path, long identity) throws MountException;
}
