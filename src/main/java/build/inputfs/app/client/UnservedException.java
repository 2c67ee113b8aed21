package build.inputfs.app.client;

import java.io.IOException;

/** Says that no daemon does what was asked, and why; nothing was begun, so others can do it. */
public final class UnservedException extends IOException {
  private static final long serialVersionUID = 1L;

  public UnservedException(String reason, Throwable cause) {
    super(reason, cause);
  }

  public UnservedException(String reason) {
    super(reason);
  }
}
