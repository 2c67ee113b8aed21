package build.inputfs.app.bench;

import java.util.List;
import java.util.Map;

/**
 * What a benchmark has found. What has an order is in it.
 *
 * @param machine what it ran on, by property, for people
 * @param rounds how many rounds were counted
 * @param scale how large the work set was
 * @param contenders who took part, by name, with their descriptions
 * @param absent who could not, by name, with the reason
 * @param sections the rows
 * @param failures what a contender could not do, for people
 * @param measurements the figures
 */
record Results(
    Map<String, String> machine,
    int rounds,
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

  /** Whom a row's ratios are to: the native directory, or where it has none, the farm. */
  String baseline(Row row) {
    return measurements.values(row.id(), NativeContender.NAME).isEmpty()
        ? FarmContender.NAME
        : NativeContender.NAME;
  }
}
