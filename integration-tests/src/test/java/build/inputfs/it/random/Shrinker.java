package build.inputfs.it.random;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** Makes a failing row of operations short, by leaving out what it fails without. */
final class Shrinker {
  private Shrinker() {}

  /**
   * A part of the operations, in their order, that still fails. Ends at the deadline with what it
   * has.
   */
  static List<String> shrink(
      List<String> operations, Predicate<List<String>> fails, Duration deadline) {
    long end = System.nanoTime() + deadline.toNanos();
    List<String> shortest = List.copyOf(operations);
    // From halves down to single ones; what is at the end failed, so it stays.
    for (int chunk = shortest.size() / 2; chunk >= 1; chunk /= 2) {
      for (int to = shortest.size() - 1; to > 0; to -= chunk) {
        if (System.nanoTime() > end) {
          return shortest;
        }
        int from = Math.max(0, to - chunk);
        List<String> without = new ArrayList<>(shortest.subList(0, from));
        without.addAll(shortest.subList(to, shortest.size()));
        if (fails.test(without)) {
          shortest = without;
        }
      }
    }
    return shortest;
  }
}
