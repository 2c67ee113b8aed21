package build.inputfs.app.bench;

import build.inputfs.cache.link.Mechanism;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * What inputfs wants to reach, and whether it does.
 *
 * @param what is measured, for people
 * @param limit what it may be at the most
 * @param unit of the limit and the value, for people
 * @param value what was measured; empty when that was not
 */
record Goal(String what, double limit, String unit, OptionalDouble value) {
  private static final String OVERLAY = "overlay";
  private static final String TIMES = "×";
  private static final String MILLIS = "ms";
  private static final String REQUESTS = "requests";

  /** All goals, with what was measured; none for a smaller work set than they are set for. */
  static List<Goal> all(Results results) {
    if (results.scale() < 1) {
      return List.of();
    }
    Table table = new Table(results.measurements());
    for (String size : List.of("100", "1k", "10k", "100k")) {
      table.time("make a view of a known tree, " + size + " files", "make-" + size, 1);
      table.time("make a view of a tree never seen, " + size + " files", "make-unseen-" + size, 3);
      table.time("remove a view, " + size + " files", "remove-" + size, 1);
    }
    table.flatness(1.5);
    table.time("remove a view that was walked and read, 10k files", "remove-used-10k", 1);
    for (String size : List.of("10k", "100k", "real")) {
      table.requests("walk of a second view, " + size, "walk-second-" + size, 0);
      table.requests("reads in a second view, " + size, "read-second-" + size, 0);
    }
    table.requests("compile in a second view", "compile-second", 0);
    table.requests("compile under a new root, headers known", "compile-new", 100);
    table.requests("compile with a header changed deep in the tree", "compile-changed", 60);
    table.time("make the view with a header changed", "compile-changed-make", 2);
    table.ratio(
        "that compile, to a farm of hard links", "compile-changed", FarmContender.NAME, 1.05);
    for (String size : List.of("10k", "100k", "real")) {
      table.ratio(
          "walk of a second view, to plain overlayfs, " + size,
          "walk-second-" + size,
          OverlayfsContender.NAME,
          1.15);
      table.ratio("cold walk, to native, " + size, "walk-cold-" + size, NativeContender.NAME, 5);
      table.ratio(
          "warm open, read, close, to native, " + size,
          "read-warm-" + size,
          NativeContender.NAME,
          1.5);
    }
    for (String row : List.of("write-4k", "write-1m", "create", "unlink")) {
      table.ratio(row + ", to plain overlayfs", row, OverlayfsContender.NAME, 1.1);
    }
    table.ratio("warm compile, to native", "compile-warm", NativeContender.NAME, 1.05);
    table.ratio(
        "8 actions of a large tree, to a farm of hard links",
        "compile-actions",
        FarmContender.NAME,
        0.5);
    table.figure("heap for all looked-up files", "many-heap", "MB", 150);
    String link = Mechanism.LINK.label();
    String clone = Mechanism.CLONE.label();
    table.times(
        "make a real tree by hard link, to cp -al", "trees-make", link, FarmContender.NAME, 0.7);
    table.times("remove it, to rm -rf", "trees-remove", link, FarmContender.NAME, 0.5);
    table.add(
        "cache a tree with one file changed, to the first one",
        0.05,
        TIMES,
        table.measured.ratio("trees-changed", link, "trees-cached", link));
    table.times("make a real tree by clone, to hard link", "trees-make", clone, link, 2);
    table.add(
        "make a view of a known tree by snapshot",
        5,
        MILLIS,
        table.measured.summary("trees-snapshot", clone));
    return List.copyOf(table.goals);
  }

  /** Whether it was reached; null when it was not measured. */
  @Nullable Boolean reached() {
    return value.isPresent() ? value.getAsDouble() <= limit : null;
  }

  /** One line for people. */
  String describe() {
    return String.format(
        Locale.ROOT,
        "%-58s %8s %-8s (at most %s)  %s",
        what,
        value.isPresent() ? number(value.getAsDouble()) : "-",
        unit,
        number(limit),
        value.isEmpty() ? "not measured" : value.getAsDouble() <= limit ? "reached" : "MISSED");
  }

  private static String number(double value) {
    return value == Math.rint(value)
        ? String.format(Locale.ROOT, "%.0f", value)
        : String.format(Locale.ROOT, "%.2f", value);
  }

  /** Collects goals. */
  private static final class Table {
    private final Measurements measured;
    private final List<Goal> goals = new ArrayList<>();

    Table(Measurements measured) {
      this.measured = measured;
    }

    void time(String what, String row, double limit) {
      figure(what, row, MILLIS, limit);
    }

    void figure(String what, String row, String unit, double limit) {
      add(what, limit, unit, measured.summary(row, OVERLAY));
    }

    void ratio(String what, String row, String other, double limit) {
      add(what, limit, TIMES, measured.ratio(row, OVERLAY, row, other));
    }

    /** One contender to another in the same row. */
    void times(String what, String row, String contender, String other, double limit) {
      add(what, limit, TIMES, measured.ratio(row, contender, row, other));
    }

    void requests(String what, String row, double limit) {
      add(what, limit, REQUESTS, measured.requests(row, OVERLAY));
    }

    /** How much longer making a view takes for the largest tree than for the smallest. */
    void flatness(double limit) {
      add(
          "make a view: 100k files, to 100 files",
          limit,
          TIMES,
          measured.ratio("make-100k", OVERLAY, "make-100", OVERLAY));
    }

    private void add(String what, double limit, String unit, @Nullable Summary summary) {
      goals.add(
          new Goal(
              what,
              limit,
              unit,
              summary == null ? OptionalDouble.empty() : OptionalDouble.of(summary.median())));
    }
  }
}
