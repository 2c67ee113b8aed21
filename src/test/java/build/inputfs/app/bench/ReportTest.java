package build.inputfs.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class ReportTest {
  private static final Row MAKE = new Row("make-100k", "make, tree known", Unit.MILLISECONDS);
  private static final Row WALK = new Row("walk-warm-10k", "walk", Unit.MICROSECONDS_EACH);

  @Test
  void parse_givesTheSameReportAgain() throws Exception {
    Measurements measurements = new Measurements();
    measurements.add(MAKE.id(), "cp-al", 0, 1234.5);
    measurements.add(MAKE.id(), "overlay", 0, 0.75);
    measurements.add(MAKE.id(), "overlay", 2, 0.5);
    measurements.addRequests(MAKE.id(), "overlay", 0, Map.of("LOOKUP", 3L, "READ", 1L));
    measurements.addRequests(MAKE.id(), "overlay", 2, Map.of());
    Report report = report(1, measurements, MAKE);
    Report parsed = Report.parse(report.json());
    assertThat(parsed.json()).isEqualTo(report.json());
    assertThat(parsed.text()).isEqualTo(report.text()).contains("3 rounds", "goals");
    assertThat(parsed.chart()).isEqualTo(report.chart());
  }

  @Test
  void parse_whenTheTextIsSomethingElse_saysSo() {
    for (String text : List.of("", "[]", "{}", "{\"rows\": 1}", "{\"rows\": [{}]}", "no")) {
      assertThatThrownBy(() -> Report.parse(text))
          .as(text)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no JSON of a benchmark");
    }
  }

  @Test
  void join_countsTheRoundsOfARowTogether_andKeepsOthers() throws Exception {
    Measurements first = new Measurements();
    first.add(MAKE.id(), "cp-al", 0, 10);
    first.add(MAKE.id(), "overlay", 0, 1);
    Measurements second = new Measurements();
    second.add(MAKE.id(), "cp-al", 0, 100);
    second.add(MAKE.id(), "overlay", 0, 2);
    second.add(MAKE.id(), "overlay", 1, 6);
    second.add(WALK.id(), "native", 0, 4);
    JsonObject json =
        JsonParser.parseString(
                Report.join(List.of(report(1, first, MAKE), report(1, second, MAKE, WALK))).json())
            .getAsJsonObject();
    assertThat(json.getAsJsonArray("rows")).hasSize(2);
    JsonObject overlay = figures(json, 0, "overlay");
    assertThat(overlay.get("median").getAsDouble()).isEqualTo(2);
    assertThat(overlay.get("n").getAsInt()).isEqualTo(3);
    // Of the rounds that both have: 1/10 and 2/100.
    assertThat(overlay.getAsJsonObject("ratio").get("median").getAsDouble()).isEqualTo(0.06);
    assertThat(figures(json, 1, "native").get("n").getAsInt()).isEqualTo(1);
  }

  @Test
  void join_whenScalesDiffer_refuses() {
    List<Report> runs =
        List.of(report(1, new Measurements(), MAKE), report(0.5, new Measurements(), MAKE));
    assertThatThrownBy(() -> Report.join(runs))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cannot be joined");
  }

  @Test
  void json_writesNumbersWithoutExponents() throws Exception {
    Measurements measurements = new Measurements();
    measurements.add(MAKE.id(), "cp-al", 0, 1_200_000);
    measurements.add(MAKE.id(), "overlay", 0, 0.000_000_012);
    assertThat(report(1, measurements, MAKE).json())
        .contains("\"median\": 1200000,", "\"median\": 0.000000012,");
  }

  @Test
  void goals_areThoseOfTheFullWorkSet() throws Exception {
    Measurements measurements = new Measurements();
    measurements.add(MAKE.id(), "overlay", 0, 0.75);
    assertThat(report(1, measurements, MAKE).text()).contains("reached");
    assertThat(report(0.99, measurements, MAKE).text()).doesNotContain("goals", "reached");
    measurements.add(MAKE.id(), "overlay", 1, 3);
    assertThat(report(1, measurements, MAKE).text()).contains("MISSED");
  }

  private static Report report(double scale, Measurements measurements, Row... rows) {
    Map<String, String> contenders = new LinkedHashMap<>();
    List.of("native", "cp-al", "overlay").forEach(name -> contenders.put(name, "a way"));
    return new Report(
        new Results(
            Map.of("processors", "2"),
            scale,
            contenders,
            Map.of(),
            List.of(new Results.Section("some work", List.of(rows))),
            List.of(),
            measurements));
  }

  private static JsonObject figures(JsonObject json, int row, String contender) {
    return json.getAsJsonArray("rows")
        .get(row)
        .getAsJsonObject()
        .getAsJsonObject("contenders")
        .getAsJsonObject(contender);
  }
}
