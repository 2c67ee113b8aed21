package build.inputfs.app.bench;

import java.io.IOException;
import java.util.List;

/** What a benchmark has found, in three forms. Immutable. */
public final class Report {
  private final Results results;

  Report(Results results) {
    this.results = results;
  }

  /**
   * Reads the JSON of an earlier report.
   *
   * @throws IllegalArgumentException when it is none
   */
  public static Report parse(String json) {
    return new Report(JsonResults.parse(json));
  }

  /**
   * Several runs as one: rounds of rows that several have count together.
   *
   * @param runs at least one
   * @throws IllegalArgumentException when they cannot be compared
   */
  public static Report join(List<Report> runs) {
    return new Report(Results.join(runs.stream().map(run -> run.results).toList()));
  }

  /** Tables for people. */
  public String text() {
    return new TextReport(results).text();
  }

  /** Everything, as one JSON object. */
  public String json() throws IOException {
    return new JsonReport(results).text();
  }

  /** A chart of the main rows, as SVG that can be read on a light and on a dark ground. */
  public String chart() {
    return new Chart(results).svg();
  }

  /** What a contender could not do, each for people. */
  public List<String> failures() {
    return results.failures();
  }
}
