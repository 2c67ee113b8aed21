package build.inputfs.app.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

final class MeasurementsTest {
  private final Measurements measurements = new Measurements();

  @Test
  void summary_hasMedianAndExtremes() {
    add("a", 5, 1, 4, 2);
    assertThat(measurements.summary("row", "a")).isEqualTo(new Summary(3, 1, 5, 4));
    assertThat(measurements.summary("row", "b")).isNull();
  }

  @Test
  void ratio_isTheMedianOfTheRatiosOfRounds() {
    // A machine that gets slower: the ratio of the medians would be 30 / 20.
    add("a", 10, 30, 400);
    add("b", 10, 20, 100);
    assertThat(measurements.ratio("row", "a", "row", "b")).isEqualTo(new Summary(1.5, 1, 4, 3));
  }

  @Test
  void ratio_takesOnlyRoundsThatBothHave() {
    add("a", 10, 30, 400);
    measurements.add("row", "b", 1, 10);
    assertThat(measurements.ratio("row", "a", "row", "b")).isEqualTo(new Summary(3, 3, 3, 1));
    assertThat(measurements.ratio("row", "a", "row", "c")).isNull();
  }

  @Test
  void requests_areSummedOverTheirKinds() {
    measurements.addRequests("row", "a", 0, Map.of("LOOKUP", 3L, "OPEN", 4L));
    measurements.addRequests("row", "a", 1, Map.of("OPEN", 5L));
    assertThat(measurements.requests("row", "a")).isEqualTo(new Summary(6, 5, 7, 2));
    assertThat(measurements.requests("row", "a", 1)).isEqualTo(Map.of("OPEN", 5L));
    assertThat(measurements.requests("row", "b")).isNull();
  }

  private void add(String contender, double... values) {
    for (int round = 0; round < values.length; round++) {
      measurements.add("row", contender, round, values[round]);
    }
  }
}
