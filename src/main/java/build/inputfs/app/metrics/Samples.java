package build.inputfs.app.metrics;

import io.prometheus.metrics.model.snapshots.ClassicHistogramBucket;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.DataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.Label;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Turns what the registry gives into the single numbers of the text format. Stateless. */
final class Samples {
  private Samples() {}

  static List<Sample> of(MetricSnapshots snapshots) {
    List<Sample> samples = new ArrayList<>();
    snapshots.forEach(snapshot -> add(snapshot, samples));
    return samples;
  }

  private static void add(MetricSnapshot snapshot, List<Sample> to) {
    String name = snapshot.getMetadata().getPrometheusName();
    switch (snapshot) {
      case CounterSnapshot counter ->
          counter
              .getDataPoints()
              .forEach(
                  point -> to.add(new Sample(name + "_total", labels(point), point.getValue())));
      case GaugeSnapshot gauge ->
          gauge
              .getDataPoints()
              .forEach(point -> to.add(new Sample(name, labels(point), point.getValue())));
      case HistogramSnapshot histogram ->
          histogram.getDataPoints().forEach(point -> addHistogram(name, point, to));
      case SummarySnapshot summary ->
          summary
              .getDataPoints()
              .forEach(
                  point -> {
                    to.add(new Sample(name + "_count", labels(point), point.getCount()));
                    to.add(new Sample(name + "_sum", labels(point), point.getSum()));
                  });
      default -> {} // there are no other kinds among our metrics
    }
  }

  private static void addHistogram(
      String name, HistogramSnapshot.HistogramDataPointSnapshot point, List<Sample> to) {
    long below = 0;
    for (ClassicHistogramBucket bucket : point.getClassicBuckets()) {
      below += bucket.getCount();
      double bound = bucket.getUpperBound();
      Map<String, String> labels = labels(point);
      labels.put("le", bound == Double.POSITIVE_INFINITY ? "+Inf" : Double.toString(bound));
      to.add(new Sample(name + "_bucket", labels, below));
    }
    to.add(new Sample(name + "_count", labels(point), below));
    to.add(new Sample(name + "_sum", labels(point), point.getSum()));
  }

  private static Map<String, String> labels(DataPointSnapshot point) {
    Map<String, String> labels = new TreeMap<>();
    for (Label label : point.getLabels()) {
      labels.put(label.getName(), label.getValue());
    }
    return labels;
  }
}
