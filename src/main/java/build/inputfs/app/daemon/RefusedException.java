package build.inputfs.app.daemon;

import java.io.IOException;

/** Says that the daemon does not do what it was asked for, and in which of a few ways not. */
public final class RefusedException extends IOException {
  /** Why. */
  public enum Kind {
    /** The request makes no sense. */
    INVALID,
    /** There is no such view or lease. */
    UNKNOWN,
    /** What was to be made is there already. */
    EXISTS,
    /** This machine, or the state of what is there, does not allow it. */
    STATE,
    /** A limit of the daemon's or the machine's is reached. */
    EXHAUSTED,
    /** The daemon is about to stop. */
    STOPPING,
    /** The caller may not. */
    FORBIDDEN
  }

  private final Kind kind;

  public RefusedException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public RefusedException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
