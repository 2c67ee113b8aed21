package build.inputfs.cas.posix;

import jnr.constants.platform.Errno;

/** The error numbers of errno(3) on this platform that inputfs tells apart. */
public final class Errnos {
  public static final int EPERM = Errno.EPERM.intValue();
  public static final int ENOENT = Errno.ENOENT.intValue();
  public static final int EINTR = Errno.EINTR.intValue();
  public static final int ECHILD = Errno.ECHILD.intValue();
  public static final int ENOEXEC = Errno.ENOEXEC.intValue();
  public static final int EIO = Errno.EIO.intValue();
  public static final int ENXIO = Errno.ENXIO.intValue();
  public static final int EAGAIN = Errno.EAGAIN.intValue();
  public static final int ENOMEM = Errno.ENOMEM.intValue();
  public static final int EACCES = Errno.EACCES.intValue();
  public static final int EBUSY = Errno.EBUSY.intValue();
  public static final int EEXIST = Errno.EEXIST.intValue();
  public static final int EXDEV = Errno.EXDEV.intValue();
  public static final int ENODEV = Errno.ENODEV.intValue();
  public static final int ENOTDIR = Errno.ENOTDIR.intValue();
  public static final int EISDIR = Errno.EISDIR.intValue();
  public static final int EINVAL = Errno.EINVAL.intValue();
  public static final int ENFILE = Errno.ENFILE.intValue();
  public static final int EMFILE = Errno.EMFILE.intValue();
  public static final int ENOTTY = Errno.ENOTTY.intValue();
  public static final int ETXTBSY = Errno.ETXTBSY.intValue();
  public static final int ELOOP = Errno.ELOOP.intValue();
  public static final int EFBIG = Errno.EFBIG.intValue();
  public static final int ENOSPC = Errno.ENOSPC.intValue();
  public static final int EROFS = Errno.EROFS.intValue();
  public static final int EMLINK = Errno.EMLINK.intValue();
  public static final int ENAMETOOLONG = Errno.ENAMETOOLONG.intValue();
  public static final int ENOSYS = Errno.ENOSYS.intValue();
  public static final int ENOTEMPTY = Errno.ENOTEMPTY.intValue();
  public static final int EOPNOTSUPP = Errno.EOPNOTSUPP.intValue();
  public static final int EPROTO = Errno.EPROTO.intValue();
  public static final int ESTALE = Errno.ESTALE.intValue();
  public static final int EDQUOT = Errno.EDQUOT.intValue();
  public static final int ENODATA = Errno.ENODATA.intValue();
  public static final int ECONNABORTED = Errno.ECONNABORTED.intValue();
  public static final int ENOTCONN = Errno.ENOTCONN.intValue();

  private Errnos() {}
}
