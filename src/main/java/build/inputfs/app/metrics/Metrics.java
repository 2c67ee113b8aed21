package build.inputfs.app.metrics;

import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.OutputStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * All metrics of one process: those that are counted as things happen, in {@link #registry}, and
 * those that the parts of the program count by themselves, which are read when somebody asks.
 *
 * <p>Thread-safe. Who counts never waits; who reads waits for others who read.
 */
public final class Metrics implements AutoCloseable {
  /** How the names of all metrics of this program's own begin. */
  public static final String PREFIX = "inputfs_";

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final List<Metered> parts;

  /** What the parts have counted, as it was read last; guarded by this. */
  private final Map<Key, Value> values = new HashMap<>();

  private record Key(String name, Map<String, String> labels) {}

  /** What a meter shows: an object that it can hold weakly. */
  private static final class Value {
    final Reading.Kind kind;
    volatile double now;

    Value(Reading.Kind kind) {
      this.kind = kind;
    }
  }

  /** Metrics of {@code parts}, none of which is closed before these are read for the last time. */
  public Metrics(List<Metered> parts) {
    this.parts = List.copyOf(parts);
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
  }

  /** Where to count what happens. */
  public MeterRegistry registry() {
    return registry;
  }

  /** Writes all metrics in the text format of Prometheus, version 0.0.4. */
  public synchronized void write(OutputStream out) throws IOException {
    readParts();
    registry.scrape(out);
  }

  /** All metrics, in the order of their names. */
  public synchronized List<Sample> samples() {
    readParts();
    return Samples.of(registry.getPrometheusRegistry().scrape());
  }

  private void readParts() {
    Map<Key, Reading> readings = new HashMap<>();
    for (Metered part : parts) {
      part.meter(
          reading ->
              readings.merge(
                  new Key(reading.name(), reading.labels()),
                  reading,
                  (one, other) -> one.plus(other.value())));
    }
    readings.forEach(
        (key, reading) -> values.computeIfAbsent(key, unknown -> register(key, reading)));
    values.forEach(
        (key, value) -> {
          Reading reading = readings.get(key);
          double now = reading == null ? 0 : reading.value();
          value.now =
              switch (value.kind) {
                // What a part counted that is gone has happened all the same.
                case COUNTER -> Math.max(value.now, now);
                case GAUGE -> now;
              };
        });
  }

  private Value register(Key key, Reading reading) {
    Value value = new Value(reading.kind());
    String name = PREFIX + key.name();
    Tags tags =
        Tags.of(
            new TreeMap<>(key.labels())
                .entrySet().stream().map(each -> Tag.of(each.getKey(), each.getValue())).toList());
    switch (reading.kind()) {
      case COUNTER ->
          FunctionCounter.builder(name, value, each -> each.now)
              .tags(tags)
              .description(reading.help())
              .register(registry);
      case GAUGE ->
          Gauge.builder(name, value, each -> each.now)
              .tags(tags)
              .description(reading.help())
              .register(registry);
    }
    return value;
  }

  @Override
  public void close() {
    registry.close();
  }
}
