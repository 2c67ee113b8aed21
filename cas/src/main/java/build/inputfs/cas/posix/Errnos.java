package build.inputfs.cas.posix;

import jnr.constants.platform.Errno;

/**
 * The error numbers of errno(3) on this platform that inputfs tells apart. Those of Linux, which
 * all machines share that Java runs on, are here: to find a platform's takes longer than a short
 * program runs.
 */
public final class Errnos {
  public static final int EPERM = number(1, "EPERM");
  public static final int ENOENT = number(2, "ENOENT");
  public static final int EINTR = number(4, "EINTR");
  public static final int ECHILD = number(10, "ECHILD");
  public static final int ENOEXEC = number(8, "ENOEXEC");
  public static final int EIO = number(5, "EIO");
  public static final int ENXIO = number(6, "ENXIO");
  public static final int EAGAIN = number(11, "EAGAIN");
  public static final int ENOMEM = number(12, "ENOMEM");
  public static final int EACCES = number(13, "EACCES");
  public static final int EBUSY = number(16, "EBUSY");
  public static final int EEXIST = number(17, "EEXIST");
  public static final int EXDEV = number(18, "EXDEV");
  public static final int ENODEV = number(19, "ENODEV");
  public static final int ENOTDIR = number(20, "ENOTDIR");
  public static final int EISDIR = number(21, "EISDIR");
  public static final int EINVAL = number(22, "EINVAL");
  public static final int ENFILE = number(23, "ENFILE");
  public static final int EMFILE = number(24, "EMFILE");
  public static final int ENOTTY = number(25, "ENOTTY");
  public static final int ETXTBSY = number(26, "ETXTBSY");
  public static final int ELOOP = number(40, "ELOOP");
  public static final int ERANGE = number(34, "ERANGE");
  public static final int EFBIG = number(27, "EFBIG");
  public static final int ENOSPC = number(28, "ENOSPC");
  public static final int EROFS = number(30, "EROFS");
  public static final int EMLINK = number(31, "EMLINK");
  public static final int ENAMETOOLONG = number(36, "ENAMETOOLONG");
  public static final int ENOSYS = number(38, "ENOSYS");
  public static final int ENOTEMPTY = number(39, "ENOTEMPTY");
  public static final int EOPNOTSUPP = number(95, "EOPNOTSUPP");
  public static final int ENOTSUP = number(95, "ENOTSUP");
  public static final int EPROTO = number(71, "EPROTO");
  public static final int ESTALE = number(116, "ESTALE");
  public static final int EDQUOT = number(122, "EDQUOT");
  public static final int ENODATA = number(61, "ENODATA");
  public static final int ECONNABORTED = number(103, "ECONNABORTED");
  public static final int ENOTCONN = number(107, "ENOTCONN");

  private Errnos() {}

  private static int number(int onLinux, String name) {
    return System.getProperty("os.name", "").equals("Linux")
        ? onLinux
        : Errno.valueOf(name).intValue();
  }
}
