package build.inputfs.app.bench;

import java.io.IOException;
import java.util.List;

/** What a benchmark has found, in three forms. Immutable. */
public final class Report {
  private final Results results;

  Report(Results results) {
    this.results = results;
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
