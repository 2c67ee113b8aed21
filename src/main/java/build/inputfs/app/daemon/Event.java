package build.inputfs.app.daemon;

import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import java.time.Duration;
import java.time.Instant;

/**
 * Something that happened.
 *
 * @param time when
 * @param view name of the view that it is about
 * @param uid the user whose view that is
 * @param request what was asked for when it was made
 */
public record Event(Instant time, String view, int uid, ViewRequest request, What what) {

  /** What it was. */
  public sealed interface What {}

  /** A view can be used. */
  public record Created(ViewState view) implements What {}

  /** A view could not be made. */
  public record NotCreated(Exception problem, Duration time) implements What {}

  /** A view has ended. */
  public record Ended(Closed closed) implements What {}

  /** Outputs were collected. */
  public record OutputsCollected(Collected collected) implements What {}

  /** A view could not give something because the store failed. */
  public record Failed(ViewFailure failure) implements What {}

  /** An action met a limit. */
  public record LimitMet(LimitHit hit) implements What {}
}
