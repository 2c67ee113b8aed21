package build.inputfs.app.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** All figures: for each row and contender one a round. For one thread. */
final class Measurements {
  private final Map<String, Map<String, Map<Integer, Double>>> values = new LinkedHashMap<>();
  private final Map<String, Map<String, Map<Integer, Map<String, Long>>>> requests =
      new LinkedHashMap<>();

  /** Keeps a figure. */
  void add(String row, String contender, int round, double value) {
    values
        .computeIfAbsent(row, _ -> new LinkedHashMap<>())
        .computeIfAbsent(contender, _ -> new TreeMap<>())
        .put(round, value);
  }

  /** Keeps how many requests of each kind the work of a row took. */
  void addRequests(String row, String contender, int round, Map<String, Long> counts) {
    requests
        .computeIfAbsent(row, _ -> new LinkedHashMap<>())
        .computeIfAbsent(contender, _ -> new TreeMap<>())
        .put(round, new TreeMap<>(counts));
  }

  /** Adds the rounds of other figures after those that are here, row by row. */
  void append(Measurements others) {
    Set<String> rows = new LinkedHashSet<>(others.values.keySet());
    rows.addAll(others.requests.keySet());
    for (String row : rows) {
      int next = rounds(row);
      append(values, others.values, row, next);
      append(requests, others.requests, row, next);
    }
  }

  private static <T> void append(
      Map<String, Map<String, Map<Integer, T>>> to,
      Map<String, Map<String, Map<Integer, T>>> from,
      String row,
      int next) {
    from.getOrDefault(row, Map.of())
        .forEach(
            (contender, rounds) -> {
              Map<Integer, T> known =
                  to.computeIfAbsent(row, _ -> new LinkedHashMap<>())
                      .computeIfAbsent(contender, _ -> new TreeMap<>());
              rounds.forEach((round, value) -> known.put(next + round, value));
            });
  }

  /** How many rounds a row has, whoever took part in them. */
  int rounds(String row) {
    int rounds = 0;
    for (Map<Integer, ?> known : values.getOrDefault(row, Map.of()).values()) {
      rounds = Math.max(rounds, 1 + Collections.max(known.keySet()));
    }
    for (Map<Integer, ?> known : requests.getOrDefault(row, Map.of()).values()) {
      rounds = Math.max(rounds, 1 + Collections.max(known.keySet()));
    }
    return rounds;
  }

  /** A row's figure in one round, or null when the contender took no part. */
  @Nullable Double value(String row, String contender, int round) {
    return rounds(row, contender).get(round);
  }

  /** The requests of a row's work in one round, or null when there is no server. */
  @Nullable Map<String, Long> requests(String row, String contender, int round) {
    return requestRounds(row, contender).get(round);
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

  private Map<Integer, Double> rounds(String row, String contender) {
    return values.getOrDefault(row, Map.of()).getOrDefault(contender, Map.of());
  }

  private Map<Integer, Map<String, Long>> requestRounds(String row, String contender) {
    return requests.getOrDefault(row, Map.of()).getOrDefault(contender, Map.of());
  }
}
