package build.inputfs.app.daemon;

import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What there is to tell of a view at one time.
 *
 * @param name names it among all views of the daemon
 * @param request what was asked for
 * @param path where it is
 * @param strategy how it was made
 * @param mechanism how it was really made, for people
 * @param created when it could be used
 * @param expires when it is closed, where it has a deadline
 * @param makeTime what it took to make
 * @param failures what it could not give because the store failed
 * @param limitHits the limits that the action met
 * @param counters what happened in it
 */
public record ViewState(
    String name,
    ViewRequest request,
    Path path,
    String strategy,
    String mechanism,
    Instant created,
    @Nullable Instant expires,
    Duration makeTime,
    List<ViewFailure> failures,
    List<LimitHit> limitHits,
    Map<String, Long> counters) {}
