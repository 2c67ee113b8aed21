package build.inputfs.cas.tree;

/** The file type bits of a mode, as inode(7) gives them. */
final class FileKinds {
  static final int MASK = 0170000;
  static final int REGULAR = 0100000;
  static final int DIRECTORY = 0040000;
  static final int SYMLINK = 0120000;
  private static final int SOCKET = 0140000;
  private static final int BLOCK_DEVICE = 0060000;
  private static final int CHARACTER_DEVICE = 0020000;
  private static final int FIFO = 0010000;

  private FileKinds() {}

  /** What a file of this mode is, for a message. */
  static String describe(int mode) {
    return switch (mode & MASK) {
      case REGULAR -> "a regular file";
      case DIRECTORY -> "a directory";
      case SYMLINK -> "a symlink";
      case SOCKET -> "a socket";
      case BLOCK_DEVICE -> "a block device";
      case CHARACTER_DEVICE -> "a character device";
      case FIFO -> "a fifo";
      default -> "a file of an unknown type";
    };
  }
}
