package build.inputfs.cas.meter;

import java.util.Map;
import java.util.TreeMap;

/**
 * What a part of the program counts or measures, as it is at one moment. Readings of the same name
 * and labels, from several instances of a part, add up.
 *
 * @param kind what the value may do
 * @param name of what is counted, with its unit at the end: lower-case words joined by underscores,
 *     {@code forest_read_bytes} say
 * @param help what it is, in a line
 * @param labels what tells readings of the same name apart, by names like this one's
 * @param value how much there is
 */
public record Reading(Kind kind, String name, String help, Map<String, String> labels, long value) {

  /** What a value may do. */
  public enum Kind {
    /** Only grow, until the process ends. */
    COUNTER,
    /** Grow and shrink. */
    GAUGE
  }

  public Reading {
    labels = Map.copyOf(labels);
  }

  /** How often something has happened since this process was started. */
  public static Reading counter(String name, String help, long value) {
    return new Reading(Kind.COUNTER, name, help, Map.of(), value);
  }

  /** How much there is of something now. */
  public static Reading gauge(String name, String help, long value) {
    return new Reading(Kind.GAUGE, name, help, Map.of(), value);
  }

  /** The same with a label more. */
  public Reading with(String label, String of) {
    Map<String, String> more = new TreeMap<>(labels);
    more.put(label, of);
    return new Reading(kind, name, help, more, value);
  }

  /** The same with more. */
  public Reading plus(long more) {
    return new Reading(kind, name, help, labels, value + more);
  }
}
