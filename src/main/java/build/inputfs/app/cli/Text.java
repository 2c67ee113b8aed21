package build.inputfs.app.cli;

import build.inputfs.cas.tree.Kind;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How values are written for people. Stateless. */
final class Text {
  private static final String[] UNITS = {"bytes", "KB", "MB", "GB", "TB", "PB"};
  private static final Pattern SIZE =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?) ?(?:([KMGTP])(I)?)?B?");
  private static final String RIGHTS = "rwxrwxrwx";

  private Text() {}

  /** A number of bytes in a fitting unit, of 1000 each. */
  static String bytes(long bytes) {
    double value = bytes;
    int unit = 0;
    while (value >= 1000 && unit < UNITS.length - 1) {
      value /= 1000;
      unit++;
    }
    return unit == 0 ? bytes + " bytes" : String.format(Locale.ROOT, "%.1f %s", value, UNITS[unit]);
  }

  /**
   * Reads a number of bytes as people write it: {@code 20GB}, {@code 1.5T}, {@code 512MiB}, {@code
   * 1000}.
   *
   * @return the bytes; negative when it is no such number
   */
  static long parseBytes(String text) {
    Matcher matcher = SIZE.matcher(text.toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      return -1;
    }
    String unit = matcher.group(2);
    int power = unit == null ? 0 : 1 + "KMGTP".indexOf(unit);
    BigDecimal step = BigDecimal.valueOf(matcher.group(3) == null ? 1000 : 1024);
    try {
      return new BigDecimal(matcher.group(1))
          .multiply(step.pow(power))
          .setScale(0, RoundingMode.DOWN)
          .longValueExact();
    } catch (ArithmeticException e) {
      return -1;
    }
  }

  /** A number of things. */
  static String count(long number, String one, String many) {
    return String.format(Locale.ROOT, "%,d %s", number, number == 1 ? one : many);
  }

  /** Nanoseconds as milliseconds, to a tenth. */
  static String millis(long nanos) {
    return String.format(Locale.ROOT, "%.1f", nanos / 1e6);
  }

  /** Type and permissions as {@code ls -l} has them. */
  static String mode(Kind kind, int mode) {
    StringBuilder text = new StringBuilder(10);
    text.append(
        switch (kind) {
          case FILE -> '-';
          case DIRECTORY -> 'd';
          case SYMLINK -> 'l';
        });
    for (int i = 0; i < RIGHTS.length(); i++) {
      text.append((mode & (0400 >> i)) != 0 ? RIGHTS.charAt(i) : '-');
    }
    special(text, 3, mode & 04000, 's');
    special(text, 6, mode & 02000, 's');
    special(text, 9, mode & 01000, 't');
    return text.toString();
  }

  /** A time in UTC, to the second. */
  static String time(Instant time) {
    return time.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private static void special(StringBuilder text, int at, int bit, char letter) {
    if (bit != 0) {
      text.setCharAt(at, text.charAt(at) == 'x' ? letter : Character.toUpperCase(letter));
    }
  }
}
