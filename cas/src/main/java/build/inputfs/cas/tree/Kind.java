package build.inputfs.cas.tree;

/** What an entry of a directory is. */
public enum Kind {
  FILE(0),
  DIRECTORY(1),
  SYMLINK(2);

  private static final int CODES = 3;

  private final int code;

  Kind(int code) {
    this.code = code;
  }

  /** The kind in two bits, the lowest of an entry's flags. */
  int code() {
    return code;
  }

  /** The kind that an entry's flags hold. */
  static Kind ofFlags(int flags) {
    return switch (flags & CODES) {
      case 0 -> FILE;
      case 1 -> DIRECTORY;
      case 2 -> SYMLINK;
      default -> throw new IllegalArgumentException("flags " + flags);
    };
  }
}
