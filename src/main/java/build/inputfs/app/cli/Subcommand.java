package build.inputfs.app.cli;

import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** One of the program's commands. */
interface Subcommand {
  /** Exit code: what was asked for is done. */
  int OK = 0;

  /** Exit code: the answer is no. */
  int NO = 1;

  /** Exit code: the arguments make no sense. */
  int USAGE = 2;

  /** Exit code: inputfs itself failed. */
  int FAILED = 125;

  /** Says which options and arguments there are. */
  void describe(CommandSpec spec);

  /**
   * Does it.
   *
   * @return the exit code
   * @throws picocli.CommandLine.ParameterException when the arguments make no sense together
   * @throws IOException when it cannot be done; the message says why
   */
  int run(ParseResult arguments, Context context) throws IOException;
}
