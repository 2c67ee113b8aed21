package build.inputfs.app.bench;

import build.inputfs.app.bench.Probe.Timing;
import java.io.IOException;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One contender's turn at a scenario in one round.
 *
 * @param contender has been started, and is stopped afterwards
 * @param round from 0
 * @param probe does the work
 * @param caches the kernel's
 * @param measurements takes the figures
 */
record Turn(
    Contender contender, int round, Probe probe, KernelCaches caches, Measurements measurements) {

  /** Some work in a view. */
  @FunctionalInterface
  interface Work {
    /** Does it once, and says how long it took and for how many things. */
    Timing run() throws IOException;
  }

  /** Keeps a time, if there is one. */
  void time(Row row, OptionalLong nanos) {
    nanos.ifPresent(value -> figure(row, row.unit().of(value)));
  }

  /** Keeps a figure that is in the row's unit. */
  void figure(Row row, double value) {
    measurements.add(row.id(), contender.name(), round, value);
  }

  /** Does some work once, keeps its time, and counts the requests that it takes. */
  Timing once(Row row, Contender.Site site, Work work) throws IOException {
    KernelCaches.settle();
    @Nullable Map<String, Long> before = site.requests();
    Timing timing = work.run();
    addRequests(row, before, site.requests());
    figure(row, inUnit(row, timing));
    return timing;
  }

  /** Does some work several times, keeps the median time, and counts the requests of all. */
  void repeatedly(Row row, int times, Contender.Site site, Work work) throws IOException {
    KernelCaches.settle();
    @Nullable Map<String, Long> before = site.requests();
    double[] figures = new double[times];
    for (int i = 0; i < times; i++) {
      figures[i] = inUnit(row, work.run());
    }
    addRequests(row, before, site.requests());
    figure(row, Summary.median(figures));
  }

  private static double inUnit(Row row, Timing timing) {
    double value = row.unit().of(timing.nanos());
    return row.unit() == Unit.MICROSECONDS_EACH ? value / Math.max(1, timing.count()) : value;
  }

  /** Keeps how many requests some work took: the difference of two counts. */
  void addRequests(Row row, @Nullable Map<String, Long> before, @Nullable Map<String, Long> after) {
    if (after == null) {
      return;
    }
    Map<String, Long> known = before == null ? Map.of() : before;
    Map<String, Long> counts = new TreeMap<>();
    after.forEach(
        (kind, count) -> {
          long more = count - known.getOrDefault(kind, 0L);
          if (more > 0) {
            counts.put(kind, more);
          }
        });
    measurements.addRequests(row.id(), contender.name(), round, counts);
  }
}
