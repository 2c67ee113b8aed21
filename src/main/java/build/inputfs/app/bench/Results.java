package build.inputfs.app.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a benchmark has found. What has an order is in it.
 *
 * @param machine what it ran on, by property, for people
 * @param scale how large the work set was
 * @param contenders who took part, by name, with their descriptions
 * @param absent who could not, by name, with the reason
 * @param sections the rows
 * @param failures what a contender could not do, for people
 * @param measurements the figures
 */
record Results(
    Map<String, String> machine,
    double scale,
    Map<String, String> contenders,
    Map<String, String> absent,
    List<Section> sections,
    List<String> failures,
    Measurements measurements) {

  /**
   * Rows that belong together.
   *
   * @param title what they are about
   */
  record Section(String title, List<Row> rows) {}

  /**
   * Several runs as one: the rounds of rows that several have are counted one after the other.
   *
   * @param runs at least one
   * @throws IllegalArgumentException when they are of different machines, or of work sets of
   *     different sizes
   */
  static Results join(List<Results> runs) {
    Results first = runs.getFirst();
    Map<String, String> contenders = new LinkedHashMap<>();
    Map<String, String> absent = new LinkedHashMap<>();
    Map<String, Map<String, Row>> rows = new LinkedHashMap<>();
    Set<String> failures = new LinkedHashSet<>();
    Measurements measurements = new Measurements();
    for (Results run : runs) {
      if (run.scale() != first.scale() || !run.machine().equals(first.machine())) {
        throw new IllegalArgumentException(
            "runs on different machines, or of different scales, cannot be joined: %s, %s"
                .formatted(first.machine(), run.machine()));
      }
      contenders.putAll(run.contenders());
      absent.putAll(run.absent());
      failures.addAll(run.failures());
      for (Section section : run.sections()) {
        Map<String, Row> known = rows.computeIfAbsent(section.title(), _ -> new LinkedHashMap<>());
        section.rows().forEach(row -> known.putIfAbsent(row.id(), row));
      }
      measurements.append(run.measurements());
    }
    absent.keySet().removeAll(contenders.keySet());
    List<Section> sections = new ArrayList<>();
    rows.forEach((title, known) -> sections.add(new Section(title, List.copyOf(known.values()))));
    return new Results(
        first.machine(),
        first.scale(),
        contenders,
        absent,
        sections,
        List.copyOf(failures),
        measurements);
  }

  /** Whom a row's ratios are to: the native directory, or where it has none, the farm. */
  String baseline(Row row) {
    return measurements.values(row.id(), NativeContender.NAME).isEmpty()
        ? FarmContender.NAME
        : NativeContender.NAME;
  }
}
