package build.inputfs.app.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** The program's entry point. It turns arguments into one command and ends with its exit code. */
@Command(
    name = "inputfs",
    version = "inputfs 0.1.0",
    mixinStandardHelpOptions = true,
    description = "Presents the input tree of a build action as a directory to run it in.")
public final class Main implements Runnable {
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }

  @Override
  public void run() {
    CommandLine.usage(this, System.out);
  }
}
