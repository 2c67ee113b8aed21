package build.inputfs.app.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All figures: for each row and contender one a round. For one thread. */
final class Measurements {
  private final Map<String, Map<String, Map<Integer, Double>>> values = new LinkedHashMap<>();
  private final Map<String, Map<String, Map<Integer, Map<String, Long>>>> requests =
      new LinkedHashMap<>();

  /** Keeps a figure. */
  void add(Row row, String contender, int round, double value) {
    values
        .computeIfAbsent(row.id(), _ -> new LinkedHashMap<>())
        .computeIfAbsent(contender, _ -> new TreeMap<>())
        .put(round, value);
  }

  /** Keeps how many requests of each kind the work of a row took. */
  void addRequests(Row row, String contender, int round, Map<String, Long> counts) {
    requests
        .computeIfAbsent(row.id(), _ -> new LinkedHashMap<>())
        .computeIfAbsent(contender, _ -> new TreeMap<>())
        .put(round, counts);
  }

  /** The figures of a row and a contender, in the order of the rounds. */
  List<Double> values(String row, String contender) {
    return List.copyOf(rounds(row, contender).values());
  }

  /** What they come to, or null when there are none. */
  @Nullable Summary summary(String row, String contender) {
    List<Double> all = values(row, contender);
    return all.isEmpty() ? null : Summary.of(all);
  }

  /** A row's figures over another's, round by round; null when no round has both. */
  @Nullable Summary ratio(String row, String contender, String otherRow, String otherContender) {
    Map<Integer, Double> others = rounds(otherRow, otherContender);
    List<Double> ratios = new ArrayList<>();
    rounds(row, contender)
        .forEach(
            (round, value) -> {
              Double other = others.get(round);
              if (other != null && other > 0) {
                ratios.add(value / other);
              }
            });
    return ratios.isEmpty() ? null : Summary.of(ratios);
  }

  /** How many requests a row's work took; null where there is no server. */
  @Nullable Summary requests(String row, String contender) {
    List<Double> totals = new ArrayList<>();
    for (Map<String, Long> counts : requestRounds(row, contender).values()) {
      totals.add((double) counts.values().stream().mapToLong(Long::longValue).sum());
    }
    return totals.isEmpty() ? null : Summary.of(totals);
  }

  /** The same by kind, in the last round. */
  Map<String, Long> requestKinds(String row, String contender) {
    Map<Integer, Map<String, Long>> rounds = requestRounds(row, contender);
    return rounds.isEmpty() ? Map.of() : List.copyOf(rounds.values()).getLast();
  }

  private Map<Integer, Double> rounds(String row, String contender) {
    return values.getOrDefault(row, Map.of()).getOrDefault(contender, Map.of());
  }

  private Map<Integer, Map<String, Long>> requestRounds(String row, String contender) {
    return requests.getOrDefault(row, Map.of()).getOrDefault(contender, Map.of());
  }
}
