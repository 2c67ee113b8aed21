package build.inputfs.cas.posix;

/** Prints the numbers that differ between systems, each with its name. */
final class MacConstants {
  private MacConstants() {}

  public static void main(String[] arguments) {
    print("AT_FDCWD", Posix.AT_FDCWD);
    print("AT_SYMLINK_NOFOLLOW", Posix.AT_SYMLINK_NOFOLLOW);
    print("AT_SYMLINK_FOLLOW", Posix.AT_SYMLINK_FOLLOW);
    print("AT_REMOVEDIR", Posix.AT_REMOVEDIR);
    print("O_CREAT", Posix.O_CREAT);
    print("O_EXCL", Posix.O_EXCL);
    print("O_TRUNC", Posix.O_TRUNC);
    print("O_APPEND", Posix.O_APPEND);
    print("O_NOFOLLOW", Posix.O_NOFOLLOW);
    print("O_DIRECTORY", Posix.O_DIRECTORY);
    print("O_CLOEXEC", Posix.O_CLOEXEC);
    print("UTIME_OMIT", Posix.UTIME_OMIT);
    print("UTIME_NOW", Posix.UTIME_NOW);
    print("RENAME_NOREPLACE", Posix.RENAME_NOREPLACE);
    print("RENAME_EXCHANGE", Posix.RENAME_EXCHANGE);
    print("SEEK_DATA", Posix.SEEK_DATA);
    print("SEEK_HOLE", Posix.SEEK_HOLE);
    print("EAGAIN", Errnos.EAGAIN);
    print("ELOOP", Errnos.ELOOP);
    print("ENAMETOOLONG", Errnos.ENAMETOOLONG);
    print("ENOTEMPTY", Errnos.ENOTEMPTY);
    print("EDQUOT", Errnos.EDQUOT);
    print("ESTALE", Errnos.ESTALE);
    print("ENOSYS", Errnos.ENOSYS);
    print("EOPNOTSUPP", Errnos.EOPNOTSUPP);
    print("ENOTSUP", Errnos.ENOTSUP);
    print("ENODATA", Errnos.ENODATA);
    print("ENOTCONN", Errnos.ENOTCONN);
    print("ECONNABORTED", Errnos.ECONNABORTED);
    print("EPROTO", Errnos.EPROTO);
    print("EMLINK", Errnos.EMLINK);
    print("ENOTTY", Errnos.ENOTTY);
    print("EXDEV", Errnos.EXDEV);
    print("EEXIST", Errnos.EEXIST);
  }

  private static void print(String name, long value) {
    System.out.println(name + " " + value);
  }
}
