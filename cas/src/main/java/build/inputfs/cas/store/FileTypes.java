package build.inputfs.cas.store;

import build.inputfs.cas.posix.FileStat;

/** The file type bits of a mode, as inode(7) gives them. */
final class FileTypes {
  static final int MASK = 0170000;
  static final int REGULAR = 0100000;

  private FileTypes() {}

  static boolean isRegular(FileStat stat) {
    return (stat.mode() & MASK) == REGULAR;
  }
}
