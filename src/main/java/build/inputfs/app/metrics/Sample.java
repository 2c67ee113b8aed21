package build.inputfs.app.metrics;

import java.util.Map;

/**
 * One number of the metrics, named as Prometheus has it: a histogram is one for each bucket, its
 * sum and its count.
 */
public record Sample(String name, Map<String, String> labels, double value) {

  public Sample {
    labels = Map.copyOf(labels);
  }
}
