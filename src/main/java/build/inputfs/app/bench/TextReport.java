package build.inputfs.app.bench;

import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Results as tables for people. For one use. */
final class TextReport {
  private static final int TITLE = 44;
  private static final int UNIT = 8;
  private static final int COLUMN = 17;

  private final Results results;
  private final StringBuilder text = new StringBuilder();

  TextReport(Results results) {
    this.results = results;
  }

  String text() {
    results
        .machine()
        .forEach((name, value) -> text.append(name).append(": ").append(value).append('\n'));
    text.append(
        """

        Medians of rounds in which all contenders took turns; less is better. In brackets the ratio
        to native, round by round, and where nothing is native to cp-al. Cold: the contender is
        just started and the kernel has been told to forget all names (drop_caches 2); contents of
        files are in memory throughout. Nowhere else are caches dropped. Requests: what the server
        was asked during the work. Servers are those of a daemon that has made some hundred views
        before, though of none of these trees since the contender was started.

        """);
    results
        .contenders()
        .forEach((name, description) -> text.append("%-10s %s\n".formatted(name, description)));
    results
        .absent()
        .forEach((name, reason) -> text.append("%-10s left out: %s\n".formatted(name, reason)));
    results.sections().forEach(this::section);
    goals();
    if (!results.failures().isEmpty()) {
      text.append("\nfailures\n");
      results.failures().forEach(failure -> text.append("  ").append(failure).append('\n'));
    }
    return text.toString();
  }

  private void section(Results.Section section) {
    List<String> names =
        results.contenders().keySet().stream()
            .filter(
                name ->
                    section.rows().stream()
                        .anyMatch(row -> results.measurements().summary(row.id(), name) != null))
            .toList();
    if (names.isEmpty()) {
      return;
    }
    int rounds =
        section.rows().stream()
            .mapToInt(row -> results.measurements().rounds(row.id()))
            .max()
            .orElse(0);
    String title = section.title() + (rounds == 1 ? " (once)" : " (" + rounds + " rounds)");
    text.append('\n').append(title).append('\n').append(" ".repeat(TITLE + UNIT));
    names.forEach(name -> text.append(right(name)));
    text.append('\n');
    for (Row row : section.rows()) {
      row(row, names);
    }
  }

  private void row(Row row, List<String> names) {
    Measurements measurements = results.measurements();
    if (names.stream().allMatch(name -> measurements.values(row.id(), name).isEmpty())) {
      return;
    }
    text.append(pad("  " + row.title(), TITLE)).append(pad(row.unit().text(), UNIT));
    String baseline = results.baseline(row);
    for (String name : names) {
      Summary summary = measurements.summary(row.id(), name);
      Summary ratio =
          name.equals(baseline) ? null : measurements.ratio(row.id(), name, row.id(), baseline);
      text.append(right(cell(summary, ratio)));
    }
    text.append('\n');
    if (names.stream().anyMatch(name -> measurements.requests(row.id(), name) != null)) {
      text.append(pad("    requests", TITLE + UNIT));
      for (String name : names) {
        Summary requests = measurements.requests(row.id(), name);
        text.append(
            right(requests == null ? "" : String.format(Locale.ROOT, "%,.0f", requests.median())));
      }
      text.append('\n');
    }
  }

  private void goals() {
    List<Goal> goals = Goal.all(results).stream().filter(goal -> goal.value().isPresent()).toList();
    if (goals.isEmpty()) {
      return;
    }
    text.append("\ngoals\n");
    goals.forEach(goal -> text.append("  ").append(goal.describe()).append('\n'));
  }

  private static String cell(@Nullable Summary summary, @Nullable Summary ratio) {
    if (summary == null) {
      return "-";
    }
    String value = number(summary.median());
    return ratio == null ? value : value + " (" + number(ratio.median()) + "×)";
  }

  /** A number with three digits that say something. */
  static String number(double value) {
    double size = Math.abs(value);
    String format = size >= 100 ? "%,.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f";
    return String.format(Locale.ROOT, format, value);
  }

  private static String pad(String value, int width) {
    return value.length() >= width ? value + " " : value + " ".repeat(width - value.length());
  }

  private static String right(String value) {
    return " ".repeat(Math.max(1, COLUMN - value.length())) + value;
  }
}
