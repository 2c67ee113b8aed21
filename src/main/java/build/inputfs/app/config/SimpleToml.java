package build.inputfs.app.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads configuration files that are as simple as most: tables, and names with a string without
 * escapes, a number, or true or false, each on a line. It leaves all others to {@link FullToml},
 * whose parser takes longer to be loaded than a command to run. Stateless.
 */
final class SimpleToml {
  private SimpleToml() {}

  /** What is in the file, or null when that is not simple. */
  static @Nullable List<Entry> read(List<String> lines) {
    List<Entry> entries = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    String table = "";
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.charAt(0) == '#') {
        if (!isPlain(line)) {
          return null;
        }
        continue;
      }
      if (line.charAt(0) == '[') {
        int end = line.indexOf(']');
        if (end < 0 || !isName(line.substring(1, end)) || !isNothing(line.substring(end + 1))) {
          return null;
        }
        table = line.substring(1, end);
        if (!seen.add(table)) {
          return null;
        }
        continue;
      }
      int equals = line.indexOf('=');
      if (equals < 0) {
        return null;
      }
      String label = line.substring(0, equals).strip();
      Object value = value(line.substring(equals + 1).strip());
      if (!isName(label) || value == null || !seen.add(table + "." + label)) {
        return null;
      }
      entries.add(new Entry(table, label, value, i + 1));
    }
    return entries;
  }

  private static @Nullable Object value(String text) {
    if (text.isEmpty()) {
      return null;
    }
    char quote = text.charAt(0);
    if (quote == '"' || quote == '\'') {
      int end = text.indexOf(quote, 1);
      if (end < 0 || (end == 1 && text.length() > 2 && text.charAt(2) == quote)) {
        return null;
      }
      String value = text.substring(1, end);
      boolean simple = isPlain(value) && value.indexOf('\\') < 0;
      return simple && isNothing(text.substring(end + 1)) ? value : null;
    }
    int end = text.indexOf('#');
    String word = (end < 0 ? text : text.substring(0, end)).strip();
    if (end >= 0 && !isPlain(text.substring(end))) {
      return null;
    }
    return switch (word) {
      case "true" -> true;
      case "false" -> false;
      default -> number(word);
    };
  }

  private static @Nullable Long number(String word) {
    if (word.isEmpty() || word.length() > 18 || (word.length() > 1 && word.charAt(0) == '0')) {
      return null;
    }
    for (int i = 0; i < word.length(); i++) {
      if (word.charAt(i) < '0' || word.charAt(i) > '9') {
        return null;
      }
    }
    return Long.valueOf(word);
  }

  /** Whether nothing but blanks and a comment is left of a line. */
  private static boolean isNothing(String rest) {
    String text = rest.strip();
    return text.isEmpty() || (text.charAt(0) == '#' && isPlain(text));
  }

  private static boolean isName(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if ((c < 'a' || c > 'z') && c != '-') {
        return false;
      }
    }
    return !text.isEmpty();
  }

  /** Whether there are no control characters in it, of which TOML allows few. */
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) < ' ' || text.charAt(i) == 0x7f) {
        return false;
      }
    }
    return true;
  }
}
