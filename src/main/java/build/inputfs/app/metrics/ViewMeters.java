package build.inputfs.app.metrics;

import build.inputfs.app.daemon.Closed;
import build.inputfs.app.daemon.Event;
import build.inputfs.app.daemon.RefusedException;
import build.inputfs.app.daemon.ViewState;
import build.inputfs.cache.link.TreeFailureException;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter.MeterProvider;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;

/** Counts what happens to views. Thread-safe. */
public final class ViewMeters implements Consumer<Event> {
  /** Bounds of the histograms' buckets: a view takes about a millisecond, a real tree seconds. */
  private static final Duration[] BUCKETS = {
    Duration.ofNanos(250_000),
    Duration.ofNanos(500_000),
    Duration.ofMillis(1),
    Duration.ofMillis(2),
    Duration.ofMillis(3),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(20),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofMillis(2500),
    Duration.ofSeconds(5),
    Duration.ofSeconds(10),
    Duration.ofSeconds(30)
  };

  private static final String STRATEGY = "strategy";
  private static final String OUTCOME = "outcome";

  private final MeterProvider<Counter> made;
  private final MeterProvider<Counter> ended;
  private final MeterProvider<Counter> failures;
  private final MeterProvider<Counter> limits;
  private final MeterProvider<Timer> making;
  private final MeterProvider<Timer> collecting;
  private final MeterProvider<Timer> closing;

  public ViewMeters(MeterRegistry registry) {
    made = counter(registry, "views", "Views asked for, by what came of it");
    ended = counter(registry, "views_closed", "Views that have ended, by why and how");
    failures = counter(registry, "view_failures", "What views could not give for the store's sake");
    limits = counter(registry, "quota_hits", "Limits that actions have reached");
    making = timer(registry, "view_make", "Time to make a view");
    collecting = timer(registry, "view_collect", "Time to put a view's outputs in the store");
    closing = timer(registry, "view_close", "Time to end a view");
  }

  private static MeterProvider<Counter> counter(MeterRegistry to, String name, String help) {
    return Counter.builder(Metrics.PREFIX + name).description(help).withRegistry(to);
  }

  private static MeterProvider<Timer> timer(MeterRegistry to, String name, String help) {
    return Timer.builder(Metrics.PREFIX + name)
        .description(help)
        .serviceLevelObjectives(BUCKETS)
        .withRegistry(to);
  }

  @Override
  public void accept(Event event) {
    switch (event.what()) {
      case Event.Created(ViewState view) -> {
        made.withTags(STRATEGY, view.strategy(), OUTCOME, "made").increment();
        making.withTag(STRATEGY, view.strategy()).record(view.makeTime());
      }
      case Event.NotCreated(Exception problem, Duration _) -> {
        String asked = event.request().strategy();
        made.withTags(STRATEGY, asked.isEmpty() ? "auto" : asked, OUTCOME, outcome(problem))
            .increment();
      }
      case Event.OutputsCollected(var collected) ->
          collecting.withTag(STRATEGY, collected.view().strategy()).record(collected.time());
      case Event.Ended(Closed closed) -> {
        String strategy = closed.view().strategy();
        String reason = closed.reason().replace(' ', '_');
        ended.withTags(STRATEGY, strategy, "reason", reason, OUTCOME, outcome(closed)).increment();
        closing.withTag(STRATEGY, strategy).record(closed.closeTime());
      }
      case Event.Failed(ViewFailure failure) ->
          failures
              .withTags("operation", failure.operation(), "kind", label(failure.kind()))
              .increment();
      case Event.LimitMet(LimitHit hit) -> limits.withTag("limit", label(hit.limit())).increment();
    }
  }

  /** What kept a view from being made. */
  static String outcome(Exception problem) {
    return switch (problem) {
      case RefusedException _ -> "refused";
      case TreeFailureException failed -> label(failed.failure().kind());
      default -> {
        ViewFailure.Kind kind = ViewFailure.Kind.of(problem);
        yield kind == ViewFailure.Kind.OTHER ? "error" : label(kind);
      }
    };
  }

  private static String outcome(Closed closed) {
    if (!closed.problem().isEmpty()) {
      return "left_behind";
    }
    return closed.view().failures().isEmpty() ? "clean" : "store_failed";
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
