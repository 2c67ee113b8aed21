package build.inputfs.app.metrics;

import build.inputfs.app.daemon.Closed;
import build.inputfs.app.daemon.Collected;
import build.inputfs.app.daemon.Correlation;
import build.inputfs.app.daemon.Event;
import build.inputfs.app.daemon.ViewState;
import build.inputfs.app.run.Problems;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Writes a line to the log for each thing that happens to a view, with what it is by key and value:
 * see {@code docs/OPERATIONS.md}. Thread-safe.
 */
public final class EventLog implements Consumer<Event> {
  private final Logger log = LoggerFactory.getLogger(EventLog.class);

  @Override
  public void accept(Event event) {
    switch (event.what()) {
      case Event.Created(ViewState view) ->
          about(log.atInfo(), event)
              .addKeyValue("span", Spans.MAKE)
              .addKeyValue("ms", millis(view.makeTime()))
              .addKeyValue("root", view.request().root())
              .addKeyValue("strategy", view.strategy())
              .addKeyValue("mechanism", view.mechanism())
              .addKeyValue("path", view.path())
              .log("view created");
      case Event.NotCreated(Exception problem, Duration time) ->
          about(log.atWarn(), event)
              .addKeyValue("span", Spans.MAKE)
              .addKeyValue("ms", millis(time))
              .addKeyValue("root", event.request().root())
              .addKeyValue("outcome", ViewMeters.outcome(problem))
              .addKeyValue("cause", Problems.describe(problem))
              .log("view not created");
      case Event.OutputsCollected(Collected collected) ->
          about(log.atInfo(), event)
              .addKeyValue("span", Spans.COLLECT)
              .addKeyValue("ms", millis(collected.time()))
              .addKeyValue("files", collected.result().getOutputFilesCount())
              .addKeyValue("directories", collected.result().getOutputDirectoriesCount())
              .log("outputs collected");
      case Event.Ended(Closed closed) -> {
        boolean clean = closed.problem().isEmpty();
        LoggingEventBuilder line =
            about(clean ? log.atInfo() : log.atError(), event)
                .addKeyValue("span", Spans.CLOSE)
                .addKeyValue("ms", millis(closed.closeTime()))
                .addKeyValue("reason", closed.reason())
                .addKeyValue("failures", closed.view().failures().size());
        add(line, "left", closed.problem()).log("view closed");
      }
      case Event.Failed(ViewFailure failure) ->
          about(log.atWarn(), event)
              .addKeyValue("kind", failure.kind())
              .addKeyValue("operation", failure.operation())
              .addKeyValue("path", failure.path())
              .addKeyValue("cause", failure.cause())
              .log("view failure");
      case Event.LimitMet(LimitHit hit) ->
          about(log.atWarn(), event)
              .addKeyValue("limit", hit.limit())
              .addKeyValue("allowed", hit.allowed())
              .addKeyValue("refused", hit.refused())
              .log("quota hit");
    }
  }

  private static LoggingEventBuilder about(LoggingEventBuilder line, Event event) {
    Correlation who = event.request().correlation();
    add(line, "view", event.view());
    add(line, "lease", event.request().lease());
    add(line, "action", who.actionId());
    add(line, "invocation", who.toolInvocationId());
    add(line, "correlated", who.correlatedInvocationsId());
    return add(line, "traceparent", who.traceparent());
  }

  private static LoggingEventBuilder add(LoggingEventBuilder line, String key, String value) {
    return value.isEmpty() ? line : line.addKeyValue(key, value);
  }

  /** To a microsecond. */
  private static double millis(Duration time) {
    return TimeUnit.NANOSECONDS.toMicros(time.toNanos()) / 1e3;
  }
}
