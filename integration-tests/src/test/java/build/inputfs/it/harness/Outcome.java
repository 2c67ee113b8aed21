package build.inputfs.it.harness;

import java.util.List;

/**
 * How a child process ended.
 *
 * @param command what was started
 * @param exit its exit code, or 128 and the number of the signal that ended it
 * @param out all that it wrote on standard output
 * @param err all that it wrote on standard error
 */
public record Outcome(List<String> command, int exit, String out, String err) {

  /** This outcome, for chaining, if the process said that all went well. */
  public Outcome ok() {
    if (exit != 0) {
      throw new AssertionError("should have ended with 0: " + this);
    }
    return this;
  }

  /** The last line of standard output. */
  public String lastLine() {
    return out.strip().lines().reduce("", (earlier, later) -> later);
  }

  @Override
  public String toString() {
    return String.join(" ", command)
        + "\nended with "
        + exit
        + "\n--- stdout\n"
        + out
        + "\n--- stderr\n"
        + err
        + "\n---";
  }
}
