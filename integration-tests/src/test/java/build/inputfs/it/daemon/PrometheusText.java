package build.inputfs.it.daemon;

import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads Prometheus' text exposition format, version 0.0.4, and refuses what breaks its rules: each
 * family has its HELP and TYPE once and before its samples, all together; names and labels are well
 * formed; no sample is there twice; a histogram's buckets grow to a last one of {@code +Inf} that
 * equals its count.
 */
final class PrometheusText {
  private static final String NAME = "[a-zA-Z_:][a-zA-Z0-9_:]*";
  private static final Pattern COMMENT = Pattern.compile("# (HELP|TYPE) (" + NAME + ") (.+)");
  private static final Pattern SAMPLE =
      Pattern.compile("(" + NAME + ")(?:\\{(.*)})? ([^ ]+)(?: -?[0-9]+)?");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\]|\\\\[\\\\\"n])*)\"(?:,|$)");
  private static final Map<String, List<String>> SUFFIXES =
      Map.of(
          "counter", List.of(""),
          "gauge", List.of(""),
          "untyped", List.of(""),
          "histogram", List.of("_bucket", "_sum", "_count"),
          "summary", List.of("", "_sum", "_count"));

  private final Map<Key, Double> samples = new LinkedHashMap<>();
  private final Map<String, String> types = new HashMap<>();

  /** What names a sample. */
  record Key(String name, Map<String, String> labels) {}

  private PrometheusText() {}

  static PrometheusText parse(String text) {
    if (!text.endsWith("\n")) {
      throw new AssertionError("the last line must end");
    }
    PrometheusText parsed = new PrometheusText();
    String family = "";
    Set<String> done = new HashSet<>();
    for (String line : text.lines().toList()) {
      Matcher comment = COMMENT.matcher(line);
      if (comment.matches()) {
        if (!comment.group(2).equals(family)) {
          family = comment.group(2);
          check(done.add(family), "a family in two places", line);
        }
        if (comment.group(1).equals("TYPE")) {
          check(SUFFIXES.containsKey(comment.group(3)), "an unknown type", line);
          check(parsed.types.put(family, comment.group(3)) == null, "two types", line);
        }
      } else {
        parsed.addSample(family, line);
      }
    }
    parsed.checkHistograms();
    return parsed;
  }

  private void addSample(String family, String line) {
    Matcher sample = SAMPLE.matcher(line);
    check(sample.matches(), "no sample", line);
    String name = sample.group(1);
    String type = types.get(family);
    check(type != null && name.startsWith(family), "a sample without a type", line);
    check(
        SUFFIXES.getOrDefault(type, List.of()).contains(name.substring(family.length())),
        "a name that its type does not have",
        line);
    Map<String, String> labels = new TreeMap<>();
    String inside = sample.group(2) == null ? "" : sample.group(2);
    Matcher label = LABEL.matcher(inside);
    int at = 0;
    while (at < inside.length()) {
      check(label.find(at) && label.start() == at, "a label that is none", line);
      check(labels.put(label.group(1), label.group(2)) == null, "a label twice", line);
      at = label.end();
    }
    double value = number(sample.group(3));
    check(!"counter".equals(type) || value >= 0, "a counter below zero", line);
    check(samples.put(new Key(name, labels), value) == null, "a sample twice", line);
  }

  private void checkHistograms() {
    Map<Key, TreeMap<Double, Double>> buckets = new HashMap<>();
    samples.forEach(
        (key, value) -> {
          if (key.name().endsWith("_bucket")) {
            Map<String, String> labels = new TreeMap<>(key.labels());
            String bound = labels.getOrDefault("le", "none");
            labels.remove("le");
            String family = key.name().substring(0, key.name().length() - "_bucket".length());
            buckets
                .computeIfAbsent(new Key(family, labels), unknown -> new TreeMap<>())
                .put(number(bound), value);
          }
        });
    buckets.forEach(
        (key, bounds) -> {
          double before = 0;
          for (double count : bounds.values()) {
            check(count >= before, "a bucket that holds less than the one before", key.toString());
            before = count;
          }
          check(bounds.lastKey() == Double.POSITIVE_INFINITY, "no last bucket", key.toString());
          Key count = new Key(key.name() + "_count", key.labels());
          check(before == samples.getOrDefault(count, -1.0), "another count", key.toString());
          check(samples.containsKey(new Key(key.name() + "_sum", key.labels())), "no sum", "");
        });
  }

  /** The value of a sample, or 0 when there is none: what never happened need not be there. */
  double value(String name, String... labels) {
    return samples.getOrDefault(new Key(name, map(labels)), 0.0);
  }

  /** What the samples of a name add up to that have a label, or all of them for an empty one. */
  double sum(String name, String label, String value) {
    double sum = 0;
    for (Map.Entry<Key, Double> sample : samples.entrySet()) {
      boolean wanted = label.isEmpty() || value.equals(sample.getKey().labels().get(label));
      sum += wanted && sample.getKey().name().equals(name) ? sample.getValue() : 0;
    }
    return sum;
  }

  boolean has(String name, String... labels) {
    return samples.containsKey(new Key(name, map(labels)));
  }

  String type(String family) {
    return types.getOrDefault(family, "none");
  }

  Map<Key, Double> samples() {
    return samples;
  }

  private static Map<String, String> map(String... labels) {
    Map<String, String> map = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      map.put(labels[i], labels[i + 1]);
    }
    return map;
  }

  private static double number(String text) {
    return switch (text) {
      case "+Inf" -> Double.POSITIVE_INFINITY;
      case "-Inf" -> Double.NEGATIVE_INFINITY;
      default -> Double.parseDouble(text);
    };
  }

  private static void check(boolean right, String problem, String line) {
    if (!right) {
      throw new AssertionError(problem + ": " + line);
    }
  }
}
