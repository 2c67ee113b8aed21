package build.inputfs.app.cli;

import build.inputfs.app.client.UnservedException;
import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.app.run.StoppedException;
import build.inputfs.cas.posix.Processes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program's entry point for commands that a daemon may do most of. It loads little, so that it
 * starts almost as fast as the JVM does, and has the whole program do what it cannot.
 *
 * <p>The first argument is the launcher, the others are the program's.
 */
public final class QuickMain {
  private QuickMain() {}

  public static void main(String[] arguments) {
    Console console = Console.standard();
    List<String> all = List.of(arguments);
    int exitCode = run(all.getFirst(), all.subList(1, all.size()), console);
    console.out().flush();
    // There is nothing to be done at the end, and exit() would start the JDK's logging for it.
    Runtime.getRuntime().halt(exitCode);
  }

  private static int run(String launcher, List<String> program, Console console) {
    QuickArguments.Parsed parsed = QuickArguments.parse(program.subList(1, program.size()));
    if (parsed == null) {
      return runWhole(launcher, program, "", console);
    }
    Map<String, String> environment = System.getenv();
    RunArguments run = parsed.run();
    try {
      DaemonPolicy policy = DaemonPolicy.of(parsed.daemon(), parsed.noDaemon(), environment);
      if (policy == DaemonPolicy.NEVER) {
        return runWhole(launcher, program, "it is not wanted", console);
      }
      DaemonFinder finder = new DaemonFinder(Folders.of(environment), environment);
      if (policy == DaemonPolicy.START) {
        finder.startingWith(launcher);
      }
      DaemonRun daemon = new DaemonRun(console, finder, Interruption::ofSignals);
      return run.json() ? RunJson.withFailure(console, () -> daemon.run(run)) : daemon.run(run);
    } catch (UnservedException e) {
      return runWhole(launcher, program, String.valueOf(e.getMessage()), console);
    } catch (IllegalArgumentException e) {
      return runWhole(launcher, program, "", console); // which says it better
    } catch (StoppedException e) {
      return e.exitCode();
    } catch (IOException | RuntimeException e) {
      console.tell(e, run.verbose());
      return Subcommand.FAILED;
    }
  }

  /**
   * Has the whole program run in place of this one.
   *
   * @param refusal why no daemon did it, or empty where none was asked
   */
  private static int runWhole(
      String launcher, List<String> program, String refusal, Console console) {
    List<String> command = new ArrayList<>(List.of(launcher));
    command.addAll(program);
    try {
      Environment environment = Environment.inherited().with(Environment.NO_DAEMON, refusal);
      Processes.load().become(command, environment.entries());
    } catch (IOException e) {
      console.say(Problems.describe(e));
    }
    return Subcommand.FAILED;
  }
}
