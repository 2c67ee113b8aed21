package build.inputfs.app.daemon;

import java.time.Duration;

/**
 * How a view ended.
 *
 * @param reason why: {@link #BY_CLIENT} or one of the others
 * @param problem what was left behind; empty when nothing was
 * @param view as it was at its end
 * @param closeTime what that took
 */
public record Closed(String reason, String problem, ViewState view, Duration closeTime) {
  /** A client asked for it. */
  public static final String BY_CLIENT = "closed";

  /** The client that held its lease is gone. */
  public static final String LEASE_ENDED = "lease ended";

  /** Its time was over. */
  public static final String DEADLINE = "deadline";

  /** The daemon stops. */
  public static final String STOPPING = "stopping";
}
