package build.inputfs.cas.posix;

import java.io.IOException;
import jnr.constants.platform.Errno;

/** A system call that failed: which one, on what, and with which errno. */
public final class PosixException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int errno;

  /**
   * @param call the system call's name and what it was made on, for the message
   * @param errno the positive error number
   */
  public PosixException(String call, int errno) {
    super(call + ": " + describe(errno));
    this.errno = errno;
  }

  /** The positive error number, one of {@link Errnos}. */
  public int errno() {
    return errno;
  }

  /** What strerror(3) says of {@code errno}, with its symbol. */
  public static String describe(int errno) {
    Errno known = Errno.valueOf(errno);
    return known == Errno.__UNKNOWN_CONSTANT__
        ? "errno " + errno
        : known.description() + " (" + known.name() + ")";
  }
}
