package build.inputfs.app.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The terminal that this program was started on, as a screen that is drawn anew again and again:
 * stty(1) switches it and tells its size, and what was on it comes back with {@link #close}. For
 * one thread, but for {@link #readKeys}.
 */
final class Terminal implements AutoCloseable {
  private static final Path DEVICE = Path.of("/dev/tty");
  private static final Pattern SIZE = Pattern.compile("([0-9]+) ([0-9]+)");
  private static final String BEGIN = "\u001b[?1049h\u001b[?25l";
  private static final String END = "\u001b[?25h\u001b[?1049l";

  private final PrintStream out;
  private final String settings;

  /** How large it is, in characters. */
  record Size(int rows, int columns) {
    /** What terminals were once, and what is assumed where nobody says. */
    static final Size USUAL = new Size(24, 80);
  }

  private Terminal(PrintStream out, String settings) {
    this.out = out;
    this.settings = settings;
  }

  /**
   * Takes the terminal.
   *
   * @param out where the screen is drawn
   * @return the terminal, or null when there is none
   */
  static @Nullable Terminal open(PrintStream out) {
    String settings = stty("-g");
    if (settings == null || stty("-icanon", "-echo", "min", "1", "time", "0") == null) {
      return null;
    }
    out.print(BEGIN);
    out.flush();
    return new Terminal(out, settings);
  }

  /** How large it is now. */
  Size size() {
    String answer = stty("size");
    Matcher size = SIZE.matcher(answer == null ? "" : answer);
    if (!size.matches() || size.group(1).equals("0") || size.group(2).equals("0")) {
      return Size.USUAL;
    }
    return new Size(Integer.parseInt(size.group(1)), Integer.parseInt(size.group(2)));
  }

  /** Shows these lines and nothing else; they fit a screen of this size. */
  void draw(List<String> lines, Size size) {
    StringBuilder text = new StringBuilder("\u001b[H");
    for (int i = 0; i < lines.size(); i++) {
      // Cleared first: behind a line that fills the screen's width, its last character would go.
      text.append(i == 0 ? "" : "\n").append("\u001b[K").append(lines.get(i));
    }
    out.print(text.append(lines.size() < size.rows() ? "\n\u001b[J" : ""));
    out.flush();
  }

  /** Calls {@code quit} when somebody types q; on the caller's thread, until the terminal ends. */
  static void readKeys(Runnable quit) {
    try (InputStream keys = Files.newInputStream(DEVICE)) {
      for (int key = keys.read(); key >= 0; key = keys.read()) {
        if (key == 'q' || key == 'Q') {
          quit.run();
        }
      }
    } catch (IOException e) {
      // There are no more keys: a signal ends the program all the same.
    }
  }

  /** What stty says, or null when it fails. */
  private static @Nullable String stty(String... arguments) {
    List<String> command = new ArrayList<>(List.of("stty"));
    command.addAll(List.of(arguments));
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectInput(DEVICE.toFile())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? answer.strip() : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }

  /** Gives the terminal back as it was. */
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    out.print(END);
    out.flush();
    var _ = stty(settings);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
