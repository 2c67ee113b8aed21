package build.inputfs.app.run;

import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.proto.ActionResult;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What came of a job.
 *
 * @param end how the command ended
 * @param result its exit code and outputs; null when it did not run to its end, or the view failed
 * @param failures what the view could not give the command
 * @param limits which limits to what it may write the command has reached
 * @param phases how long each step took
 * @param strategy that made the view
 * @param mechanism by which the view was really made
 * @param counters what happened in the view
 */
public record JobReport(
    CommandEnd end,
    @Nullable ActionResult result,
    List<ViewFailure> failures,
    List<LimitHit> limits,
    Phases phases,
    String strategy,
    String mechanism,
    Map<String, Long> counters) {

  /** The exit code of a job whose failure is inputfs's own, not the command's. */
  public static final int OWN_FAILURE = 125;

  /**
   * How long each step took, in nanoseconds.
   *
   * @param make to make the view
   * @param run to run the command and end its processes
   * @param collect to store its outputs
   * @param remove to end the view
   */
  public record Phases(long make, long run, long collect, long remove) {}

  public JobReport {
    failures = List.copyOf(failures);
    limits = List.copyOf(limits);
    counters = Map.copyOf(counters);
  }

  /** The command's exit code, or {@link #OWN_FAILURE} when the view failed it. */
  public int exitCode() {
    boolean stopped = end instanceof CommandEnd.Stopped;
    return failures.isEmpty() || stopped ? end.exitCode() : OWN_FAILURE;
  }
}
