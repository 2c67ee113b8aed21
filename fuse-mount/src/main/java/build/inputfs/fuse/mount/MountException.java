package build.inputfs.fuse.mount;

import java.io.IOException;

/** A mount that could not be made or removed. The message says why, and what to do about it. */
public final class MountException extends IOException {
  private static final long serialVersionUID = 1L;

  public MountException(String message) {
    super(message);
  }

  public MountException(String message, Throwable cause) {
    super(message, cause);
  }
}
