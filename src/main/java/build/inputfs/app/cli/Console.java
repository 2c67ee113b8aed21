package build.inputfs.app.cli;

import build.inputfs.app.run.Problems;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a command writes: results to {@code out}, all else to {@code err}, in UTF-8 whatever the
 * locale is. Results are buffered: whoever waits for them flushes.
 */
record Console(PrintStream out, PrintStream err) {

  /**
   * This process's own streams.
   *
   * @param results takes what is written to {@code out}
   */
  static Console standard(StandardOutput results) {
    return new Console(
        new PrintStream(new BufferedOutputStream(results, 1 << 16), false, StandardCharsets.UTF_8),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8));
  }

  /** Whether messages go to a terminal, where somebody may be watching: proc(5). */
  static boolean isTerminal() {
    return isTerminal(2);
  }

  /** Whether results go to a terminal. */
  static boolean outIsTerminal() {
    return isTerminal(1);
  }

  private static boolean isTerminal(int descriptor) {
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
      return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }

  /** Tells of a failure in one line, and where it came from when that is wanted. */
  void tell(Exception failure, boolean verbose) {
    say(Problems.describe(failure));
    if (verbose) {
      failure.printStackTrace(err);
    }
  }

  /** One line for people. */
  void say(String line) {
    err.println("inputfs: " + line);
  }
}
