package build.inputfs.app.bench;

import java.util.Arrays;
import java.util.List;

/**
 * Some figures of one thing, of which there is at least one.
 *
 * @param n how many there are
 */
record Summary(double median, double min, double max, int n) {

  /** Sums up. */
  static Summary of(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return new Summary(
        (sorted[(sorted.length - 1) / 2] + sorted[sorted.length / 2]) / 2,
        sorted[0],
        sorted[sorted.length - 1],
        sorted.length);
  }

  /** The median of what was measured several times in one round. */
  static double median(double... values) {
    return of(Arrays.stream(values).boxed().toList()).median();
  }
}
