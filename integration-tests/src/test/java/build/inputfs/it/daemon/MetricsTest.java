package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.metrics.Metrics;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import io.micrometer.core.instrument.Timer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class MetricsTest {
  private final AtomicLong reads = new AtomicLong();
  private final AtomicLong trees = new AtomicLong(5);
  private final Metered one =
      to -> {
        to.accept(Reading.counter("requests", "Requests", reads.get()).with("kind", "READ \"\\\n"));
        to.accept(Reading.gauge("trees", "Trees", trees.get()));
      };

  @Test
  void write_isWellFormedAndHasWhatThePartsCount() throws IOException {
    try (Metrics metrics = new Metrics(List.of(one))) {
      reads.set(7);

      PrometheusText text = scrape(metrics);

      assertThat(text.value("inputfs_requests_total", "kind", "READ \\\"\\\\\\n")).isEqualTo(7);
      assertThat(text.type("inputfs_requests_total")).isEqualTo("counter");
      assertThat(text.value("inputfs_trees")).isEqualTo(5);
      assertThat(text.type("inputfs_trees")).isEqualTo("gauge");
      assertThat(text.has("process_files_open_files")).isTrue();
      reads.set(9);
      trees.set(2);
      PrometheusText later = scrape(metrics);
      assertThat(later.value("inputfs_requests_total", "kind", "READ \\\"\\\\\\n")).isEqualTo(9);
      assertThat(later.value("inputfs_trees")).isEqualTo(2);
    }
  }

  @Test
  void write_whenSeveralPartsCountTheSame_addsUp() throws IOException {
    Metered other =
        to -> {
          to.accept(Reading.counter("requests", "Requests", 3).with("kind", "READ \"\\\n"));
          to.accept(Reading.counter("requests", "Requests", 4).with("kind", "LOOKUP"));
        };
    try (Metrics metrics = new Metrics(List.of(one, other))) {
      reads.set(7);

      PrometheusText text = scrape(metrics);

      assertThat(text.value("inputfs_requests_total", "kind", "READ \\\"\\\\\\n")).isEqualTo(10);
      assertThat(text.value("inputfs_requests_total", "kind", "LOOKUP")).isEqualTo(4);
    }
  }

  @Test
  void write_whenAPartCountsNoMore_keepsItsCountersAndDropsItsGauges() throws IOException {
    AtomicLong there = new AtomicLong(1);
    Metered late =
        to -> {
          if (there.get() == 1) {
            one.meter(to);
          }
        };
    try (Metrics metrics = new Metrics(List.of(late))) {
      reads.set(7);
      scrape(metrics);
      there.set(0);

      PrometheusText text = scrape(metrics);

      assertThat(text.value("inputfs_requests_total", "kind", "READ \\\"\\\\\\n")).isEqualTo(7);
      assertThat(text.value("inputfs_trees")).isZero();
    }
  }

  @Test
  void samples_areThoseOfTheText() throws IOException {
    try (Metrics metrics = new Metrics(List.of(one))) {
      reads.set(7);
      Timer timer =
          Timer.builder("inputfs_make")
              .serviceLevelObjectives(Duration.ofMillis(1), Duration.ofMillis(20))
              .tag("strategy", "fuse")
              .register(metrics.registry());
      timer.record(Duration.ofNanos(700_000));
      timer.record(Duration.ofMillis(3));
      timer.record(Duration.ofMillis(30));

      Map<PrometheusText.Key, Double> samples = new HashMap<>();
      metrics
          .samples()
          .forEach(
              sample ->
                  samples.put(
                      new PrometheusText.Key(sample.name(), sample.labels()), sample.value()));
      PrometheusText text = scrape(metrics);

      assertThat(text.value("inputfs_make_seconds_bucket", "strategy", "fuse", "le", "0.001"))
          .isEqualTo(1);
      assertThat(text.value("inputfs_make_seconds_bucket", "strategy", "fuse", "le", "0.02"))
          .isEqualTo(2);
      assertThat(text.value("inputfs_make_seconds_count", "strategy", "fuse")).isEqualTo(3);
      assertThat(names(samples.keySet())).isEqualTo(names(text.samples().keySet()));
      samples.forEach(
          (key, value) -> {
            if (key.name().startsWith("inputfs_make")) {
              assertThat(text.samples().get(key)).as(key.toString()).isEqualTo(value);
            }
          });
    }
  }

  /** Without the one label in which the text has backslashes. */
  private static Set<PrometheusText.Key> names(Set<PrometheusText.Key> keys) {
    return keys.stream()
        .filter(key -> !key.name().startsWith("inputfs_requests"))
        .collect(Collectors.toSet());
  }

  static PrometheusText scrape(Metrics metrics) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    metrics.write(out);
    return PrometheusText.parse(out.toString(StandardCharsets.UTF_8));
  }
}
