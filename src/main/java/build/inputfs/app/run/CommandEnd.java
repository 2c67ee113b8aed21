package build.inputfs.app.run;

import build.inputfs.cas.posix.Signals;
import org.jspecify.annotations.Nullable;

/** How a command ended. */
public sealed interface CommandEnd {

  /** The exit code that says so, as shells and timeout(1) have it. */
  int exitCode();

  /** The command's own message, or null when it ran to its end. */
  default @Nullable String problem() {
    return null;
  }

  /** By itself; its exit code is 128 and the signal's number when a signal ended it. */
  record Exited(int exitCode) implements CommandEnd {}

  /** It never started: there is no such command (127), or it cannot be executed (126). */
  record NotStarted(int exitCode, String message) implements CommandEnd {
    @Override
    public String problem() {
      return message;
    }
  }

  /** It was ended because its time was over. */
  record TimedOut() implements CommandEnd {
    @Override
    public int exitCode() {
      return 124;
    }

    @Override
    public String problem() {
      return "the command was ended: its time was over";
    }
  }

  /** This program was asked to end, and so was the command, which had this exit code. */
  record Stopped(Signals signal, int commandExitCode) implements CommandEnd {
    @Override
    public int exitCode() {
      return commandExitCode != 0 ? commandExitCode : 128 + signal.number();
    }

    @Override
    public String problem() {
      return "stopped by SIG" + signal;
    }
  }
}
