package build.inputfs.fuse.vfs;

/** How an operation of a {@link FileSystem} ended. {@link StatusErrno} gives the errno of each. */
public enum Status {
  OK,
  /** The name or node does not exist. */
  NOT_FOUND,
  EXISTS,
  NOT_DIRECTORY,
  IS_DIRECTORY,
  NOT_EMPTY,
  /** Forbidden by mode bits. */
  ACCESS_DENIED,
  /** Forbidden whatever the mode bits are. */
  NOT_PERMITTED,
  INVALID,
  NAME_TOO_LONG,
  READ_ONLY,
  CROSS_DEVICE,
  TOO_MANY_LINKS,
  TOO_MANY_OPEN_FILES,
  FILE_TOO_LARGE,
  NO_SPACE,
  QUOTA_EXCEEDED,
  NO_MEMORY,
  BUSY,
  /** There is no data or hole at or after the offset. */
  NO_SUCH_OFFSET,
  /** This file or disk cannot do it, another might. */
  NOT_SUPPORTED,
  /** This filesystem never does it: a transport need not ask again. */
  NOT_IMPLEMENTED,
  /** The store or the disk failed; the filesystem has recorded how. */
  IO_ERROR;

  private static final Status[] ALL = values();

  /** This status as the result of a call that returns a count or an offset: a negative number. */
  @SuppressWarnings("EnumOrdinal") // never stored: both directions are here
  public int asResult() {
    return -ordinal();
  }

  /** The status of a result: {@link #OK} unless it is negative. */
  public static Status ofResult(long result) {
    return result < 0 ? ALL[(int) -result] : OK;
  }
}
