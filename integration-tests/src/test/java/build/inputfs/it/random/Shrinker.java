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
    // From halves down to single ones; what is at the end failed, so it goes last.
    for (int chunk = Math.max(1, shortest.size() / 2); chunk >= 1; chunk /= 2) {
      boolean shorter = false;
      for (int at = 0; at < shortest.size() - 1; ) {
        if (System.nanoTime() > end) {
          return shortest;
        }
        int to = Math.min(at + chunk, shortest.size() - 1);
        List<String> without = new ArrayList<>(shortest.subList(0, at));
        without.addAll(shortest.subList(to, shortest.size()));
        if (fails.test(without)) {
          shortest = without;
          shorter = true;
        } else {
          at = to;
        }
      }
      if (chunk == 1 && !shorter) {
        break;
      }
      if (chunk == 1) {
        chunk = 2;
      }
    }
    return shortest;
  }
}
