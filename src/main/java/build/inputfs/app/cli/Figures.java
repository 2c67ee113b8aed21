package build.inputfs.app.cli;

import build.inputfs.app.proto.Statistics;
import build.inputfs.app.proto.Statistics.Metric;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * What a daemon's metrics say of the time between two looks at them. Immutable.
 *
 * @param seconds how long that was
 * @param now the metrics at its end
 * @param before the metrics at its beginning; empty for the daemon's start
 */
record Figures(double seconds, Map<Key, Double> now, Map<Key, Double> before) {

  /** What names a metric. */
  record Key(String name, Map<String, String> labels) {}

  /** Median and so on of a histogram, in seconds; NaN where nothing was counted. */
  record Times(double count, double median, double p99) {}

  /** Of all the time since the daemon was started. */
  static Figures sinceStart(Statistics statistics, Instant started) {
    double seconds = time(statistics) - (started.getEpochSecond() + started.getNano() / 1e9);
    return new Figures(seconds, read(statistics), Map.of());
  }

  /** Of the time since {@code earlier}. */
  static Figures between(Statistics earlier, Statistics later) {
    return new Figures(time(later) - time(earlier), read(later), read(earlier));
  }

  private static double time(Statistics statistics) {
    return statistics.getTime().getSeconds() + statistics.getTime().getNanos() / 1e9;
  }

  private static Map<Key, Double> read(Statistics statistics) {
    Map<Key, Double> metrics = new HashMap<>();
    for (Metric metric : statistics.getMetricsList()) {
      metrics.put(new Key(metric.getName(), metric.getLabelsMap()), metric.getValue());
    }
    return metrics;
  }

  /** What all metrics of this name add up to, whatever their labels. */
  double total(String name) {
    return sum(now, name, any -> true);
  }

  /** The same of those with a label. */
  double total(String name, String label, String value) {
    return sum(now, name, labels -> value.equals(labels.get(label)));
  }

  /** By how much {@link #total(String)} has grown a second. */
  double rate(String name) {
    return perSecond(total(name) - sum(before, name, any -> true));
  }

  /** The same of those with a label. */
  double rate(String name, String label, String value) {
    return perSecond(
        total(name, label, value) - sum(before, name, labels -> value.equals(labels.get(label))));
  }

  /** What the metrics of this name add up to, by the values of a label, in their order. */
  Map<String, Double> totals(String name, String label) {
    Map<String, Double> totals = new TreeMap<>();
    now.forEach(
        (key, value) -> {
          if (key.name().equals(name)) {
            totals.merge(key.labels().getOrDefault(label, ""), value, Double::sum);
          }
        });
    return totals;
  }

  /** Whether there is a metric of this name. */
  boolean has(String name) {
    return now.keySet().stream().anyMatch(key -> key.name().equals(name));
  }

  /** The times that were counted in a histogram, all strategies together. */
  Times times(String histogram) {
    TreeMap<Double, Double> buckets = new TreeMap<>();
    now.forEach(
        (key, value) -> {
          String bound = key.labels().get("le");
          if (bound != null && key.name().equals(histogram + "_bucket")) {
            buckets.merge(bound(bound), value - before.getOrDefault(key, 0.0), Double::sum);
          }
        });
    double count = buckets.isEmpty() ? 0 : buckets.lastEntry().getValue();
    return new Times(count, quantile(buckets, 0.5 * count), quantile(buckets, 0.99 * count));
  }

  private static double bound(String text) {
    return text.equals("+Inf") ? Double.POSITIVE_INFINITY : Double.parseDouble(text);
  }

  /** Where so many are reached, taken to be spread evenly in their bucket. */
  private static double quantile(TreeMap<Double, Double> buckets, double rank) {
    double below = 0;
    double from = 0;
    for (Map.Entry<Double, Double> bucket : buckets.entrySet()) {
      double upTo = bucket.getValue();
      if (rank > 0 && upTo >= rank) {
        return Double.isInfinite(bucket.getKey())
            ? from
            : from + (bucket.getKey() - from) * (rank - below) / (upTo - below);
      }
      below = upTo;
      from = bucket.getKey();
    }
    return Double.NaN;
  }

  private double perSecond(double more) {
    return seconds > 0 ? more / seconds : 0;
  }

  private static double sum(
      Map<Key, Double> metrics, String name, Predicate<Map<String, String>> which) {
    double sum = 0;
    for (Map.Entry<Key, Double> metric : metrics.entrySet()) {
      if (metric.getKey().name().equals(name) && which.test(metric.getKey().labels())) {
        sum += metric.getValue();
      }
    }
    return sum;
  }
}
