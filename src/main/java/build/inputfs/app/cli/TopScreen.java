package build.inputfs.app.cli;

import build.inputfs.app.cli.Figures.Times;
import build.inputfs.app.proto.Info;
import build.inputfs.app.proto.View;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What {@code inputfs top} shows: lines of text that fit a terminal, the most important first.
 *
 * @param info who answers
 * @param figures what it has done
 * @param leases how many leases are held
 * @param views those that are open, the oldest first
 * @param now when
 */
record TopScreen(Info info, Figures figures, long leases, List<View> views, Instant now) {
  private static final String VIEWS = "inputfs_views_total";
  private static final String CLOSED = "inputfs_views_closed_total";
  private static final String REQUESTS = "inputfs_fuse_requests_total";
  private static final int KINDS = 4;

  /** The screen as lines, none longer than {@code width}, at most {@code height}. */
  List<String> lines(int width, int height) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "inputfs %s, pid %d, up %s; %s"
            .formatted(
                info.getVersion(),
                info.getPid(),
                age(Instant.ofEpochSecond(info.getStarted().getSeconds())),
                figures.before().isEmpty()
                    ? "rates since its start"
                    : "rates of %.1f s".formatted(figures.seconds())));
    lines.add("");
    double made = figures.total(VIEWS, "outcome", "made");
    lines.add(
        "views     %d open, %d leases; %s made, %s not made, %s closed"
            .formatted(
                views.size(),
                leases,
                count(made),
                count(figures.total(VIEWS) - made),
                count(figures.total(CLOSED))));
    lines.add(
        "rates     %.1f made/s, %.1f closed/s, %.0f requests/s"
            .formatted(
                figures.rate(VIEWS, "outcome", "made"),
                figures.rate(CLOSED),
                figures.rate(REQUESTS)));
    lines.add("times         number    median       p99");
    times(lines, "make", "inputfs_view_make_seconds");
    times(lines, "collect", "inputfs_view_collect_seconds");
    times(lines, "close", "inputfs_view_close_seconds");
    lines.add("requests  " + requests());
    lines.add(
        "caches    "
            + String.join(
                ", ",
                hits("forest", "inputfs_forest_lookups_total"),
                hits("directories", "inputfs_directory_lookups_total"),
                hits("trees", "inputfs_tree_cache_lookups_total")));
    lines.add("store     " + store());
    lines.add("failures  " + problems());
    lines.add("");
    strategies(lines);
    lines.add("");
    lines.add(
        "%-22s %8s  %-8s %7s  %s".formatted("OLDEST VIEWS", "AGE", "STRATEGY", "UID", "PATH"));
    for (View view : views) {
      if (lines.size() >= height) {
        break;
      }
      lines.add(
          "%-22s %8s  %-8s %7d  %s"
              .formatted(
                  view.getName(),
                  age(Instant.ofEpochSecond(view.getCreated().getSeconds())),
                  view.getStrategy(),
                  view.getOwner().getUid(),
                  view.getPath()));
    }
    return lines.stream().limit(height).map(line -> fit(line, width)).toList();
  }

  private void times(List<String> lines, String what, String histogram) {
    Times times = figures.times(histogram);
    lines.add(
        "  %-8s %9s %9s %9s"
            .formatted(what, count(times.count()), millis(times.median()), millis(times.p99())));
  }

  private String requests() {
    Map<String, Double> kinds = figures.totals(REQUESTS, "kind");
    String most =
        kinds.entrySet().stream()
            .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
            .limit(KINDS)
            .map(kind -> kind.getKey() + " " + count(kind.getValue()))
            .collect(Collectors.joining(", "));
    return most.isEmpty() ? "none" : most;
  }

  private String hits(String what, String lookups) {
    double all = figures.total(lookups);
    return all == 0
        ? what + " unused"
        : "%s %.1f%% of %s"
            .formatted(what, 100 * figures.total(lookups, "result", "hit") / all, count(all));
  }

  private String store() {
    List<String> parts = new ArrayList<>();
    if (figures.has("inputfs_store_bytes")) {
      parts.add(Text.bytes((long) figures.total("inputfs_store_bytes")));
    }
    parts.add(
        "%s new".formatted(Text.bytes((long) figures.total("inputfs_store_put_bytes_total"))));
    parts.add(
        "%s evicted"
            .formatted(
                count(
                    figures.total("inputfs_store_evictions_total")
                        + figures.total("inputfs_tree_cache_evictions_total"))));
    parts.add(
        "%s read for the forest"
            .formatted(Text.bytes((long) figures.total("inputfs_forest_read_bytes_total"))));
    return String.join(", ", parts);
  }

  private String problems() {
    List<String> parts = new ArrayList<>();
    figures
        .totals(VIEWS, "outcome")
        .forEach(
            (outcome, count) -> {
              if (!outcome.equals("made")) {
                parts.add(count(count) + " not made (" + outcome + ")");
              }
            });
    figures
        .totals("inputfs_view_failures_total", "kind")
        .forEach((kind, count) -> parts.add(count(count) + " in views (" + kind + ")"));
    figures
        .totals("inputfs_quota_hits_total", "limit")
        .forEach((limit, count) -> parts.add(count(count) + " quota hits (" + limit + ")"));
    return parts.isEmpty() ? "none" : String.join(", ", parts);
  }

  private void strategies(List<String> lines) {
    Map<String, Long> open =
        views.stream()
            .collect(Collectors.groupingBy(View::getStrategy, TreeMap::new, Collectors.counting()));
    Map<String, Double> asked = figures.totals(VIEWS, "strategy");
    open.keySet().forEach(name -> asked.putIfAbsent(name, 0.0));
    lines.add("%-10s %8s %12s %12s".formatted("STRATEGY", "OPEN", "ASKED FOR", "CLOSED"));
    asked.forEach(
        (name, count) ->
            lines.add(
                "%-10s %8d %12s %12s"
                    .formatted(
                        name,
                        open.getOrDefault(name, 0L),
                        count(count),
                        count(figures.total(CLOSED, "strategy", name)))));
  }

  private static String count(double number) {
    return "%,d".formatted((long) number);
  }

  private static String millis(double seconds) {
    return Double.isNaN(seconds) ? "-" : String.format(Locale.ROOT, "%.1f ms", seconds * 1e3);
  }

  private String age(Instant since) {
    Duration age = Duration.between(since, now);
    if (age.isNegative()) {
      age = Duration.ZERO;
    }
    if (age.toDays() > 0) {
      return "%dd%02dh".formatted(age.toDays(), age.toHoursPart());
    }
    return age.toHours() > 0
        ? "%dh%02dm".formatted(age.toHours(), age.toMinutesPart())
        : "%dm%02ds".formatted(age.toMinutes(), age.toSecondsPart());
  }

  /** Names and paths are others' words: nothing of them may move the cursor. */
  private static String fit(String line, int width) {
    StringBuilder safe = new StringBuilder(Math.min(width, line.length()));
    line.codePoints()
        .limit(width)
        .forEach(c -> safe.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    return safe.toString();
  }
}
