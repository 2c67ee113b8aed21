package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import java.nio.file.Path;

/**
 * Clones whole directories in one call, where the disk can: {@link Subvolumes} of btrfs on Linux,
 * {@link CloneFiles} of APFS on macOS. Results are as those of {@link Posix}. Thread-safe.
 */
interface TreeCloner {

  /** The way of this operating system, which may find that the disk cannot. */
  static TreeCloner of(Posix posix) {
    return posix.isMac() ? new CloneFiles(posix, posix::clonefile) : new Subvolumes(posix);
  }

  /**
   * Tries whether the disk can, at a path that does not exist.
   *
   * @return 0 when it can: an empty directory is left at the path then, else nothing
   */
  int probe(Path path);

  /** Makes an empty directory that can be cloned, at a path that does not exist. */
  int create(Path path);

  /**
   * Clones such a directory with all that is in it, to a path that does not exist.
   *
   * @return also {@code -EEXIST} when something is at the path, and {@code -EXDEV} when it is on
   *     another disk
   */
  int snapshot(Path source, Path path);

  /** Removes such a directory with all that is in it; fails where that takes more than one call. */
  int destroy(Path path);

  /**
   * Whether trees are moved to where they are to be seen, name by name: this system has no bind
   * mounts, and lets what is in a clone be renamed out of it.
   */
  boolean movesTrees();
}
