package build.inputfs.fuse.vfs;

import build.inputfs.cas.posix.Errnos;

/** The one place where statuses become error numbers and error numbers become statuses. */
public final class StatusErrno {
  private StatusErrno() {}

  /** The positive errno of {@code status}; 0 for {@link Status#OK}. */
  public static int errno(Status status) {
    return switch (status) {
      case OK -> 0;
      case NOT_FOUND -> Errnos.ENOENT;
      case EXISTS -> Errnos.EEXIST;
      case NOT_DIRECTORY -> Errnos.ENOTDIR;
      case IS_DIRECTORY -> Errnos.EISDIR;
      case NOT_EMPTY -> Errnos.ENOTEMPTY;
      case ACCESS_DENIED -> Errnos.EACCES;
      case NOT_PERMITTED -> Errnos.EPERM;
      case INVALID -> Errnos.EINVAL;
      case NAME_TOO_LONG -> Errnos.ENAMETOOLONG;
      case READ_ONLY -> Errnos.EROFS;
      case CROSS_DEVICE -> Errnos.EXDEV;
      case TOO_MANY_LINKS -> Errnos.EMLINK;
      case TOO_MANY_OPEN_FILES -> Errnos.ENFILE;
      case FILE_TOO_LARGE -> Errnos.EFBIG;
      case NO_SPACE -> Errnos.ENOSPC;
      case QUOTA_EXCEEDED -> Errnos.EDQUOT;
      case NO_MEMORY -> Errnos.ENOMEM;
      case BUSY -> Errnos.EBUSY;
      case NO_SUCH_OFFSET -> Errnos.ENXIO;
      case NOT_SUPPORTED -> Errnos.EOPNOTSUPP;
      case NOT_IMPLEMENTED -> Errnos.ENOSYS;
      case IO_ERROR -> Errnos.EIO;
    };
  }

  /**
   * What a failure of the disk below means above.
   *
   * @param errno the positive errno of a system call on the disk
   * @return its status; {@link Status#IO_ERROR} for what has no meaning to the caller
   */
  public static Status ofErrno(int errno) {
    for (Status status : PASSED_ON) {
      if (errno(status) == errno) {
        return status;
      }
    }
    return errno == Errnos.EMFILE ? Status.TOO_MANY_OPEN_FILES : Status.IO_ERROR;
  }

  private static final Status[] PASSED_ON = {
    Status.NO_SPACE,
    Status.QUOTA_EXCEEDED,
    Status.FILE_TOO_LARGE,
    Status.INVALID,
    Status.NO_SUCH_OFFSET,
    Status.NOT_SUPPORTED,
    Status.TOO_MANY_OPEN_FILES,
    Status.NO_MEMORY,
    Status.READ_ONLY,
  };
}
