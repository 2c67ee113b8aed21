package build.inputfs.app.client;

import java.io.IOException;

/** Says that the daemon refused a call, and why. */
public final class DaemonException extends IOException {
  private static final long serialVersionUID = 1L;

  private static final int PERMISSION_DENIED = 7;
  private static final int RESOURCE_EXHAUSTED = 8;
  private static final int UNIMPLEMENTED = 12;
  private static final int UNAVAILABLE = 14;
  private static final int UNAUTHENTICATED = 16;

  private final int status;

  DaemonException(int status, String message) {
    super(message.isEmpty() ? "the daemon failed with gRPC status " + status : message);
    this.status = status;
  }

  /** Whether it does not serve this caller now, while what was asked may be right. */
  boolean isUnserved() {
    return switch (status) {
      case PERMISSION_DENIED, RESOURCE_EXHAUSTED, UNIMPLEMENTED, UNAVAILABLE, UNAUTHENTICATED ->
          true;
      default -> false;
    };
  }
}
