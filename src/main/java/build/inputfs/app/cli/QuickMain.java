package build.inputfs.app.cli;

import build.inputfs.app.client.UnservedException;
import build.inputfs.app.config.Configuration;
import build.inputfs.app.config.Key;
import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.app.run.StoppedException;
import build.inputfs.cas.posix.LocalSocket;
import build.inputfs.cas.posix.Processes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The program's entry point for commands that a daemon may do most of. It loads little, so that it
 * starts almost as fast as the JVM does, and has the whole program do what it cannot.
 *
 * <p>The first argument is the launcher, the others are the program's.
 */
public final class QuickMain {
  private QuickMain() {}

  public static void main(String[] arguments) {
    // This takes as long as to find out what is wanted: so both at once.
    Thread.ofPlatform().name("preparation").daemon().start(LocalSocket::prepare);
    StandardOutput results = new StandardOutput();
    Console console = Console.standard(results);
    List<String> all = List.of(arguments);
    int exitCode = results.end(run(all.getFirst(), all.subList(1, all.size()), console), console);
    // There is nothing to be done at the end, and exit() would start the JDK's logging for it.
    Runtime.getRuntime().halt(exitCode);
  }

  private static int run(String launcher, List<String> program, Console console) {
    QuickArguments.Parsed parsed = QuickArguments.parse(program.subList(1, program.size()));
    if (parsed == null) {
      return runWhole(launcher, program, "", console);
    }
    Configuration configuration = configuration(System.getenv());
    if (configuration == null || !mayBeQuick(configuration)) {
      return runWhole(launcher, program, "", console);
    }
    Map<String, String> environment = configuration.under(System.getenv());
    RunArguments run = parsed.run();
    String strategy = configuration.get(Key.STRATEGY);
    if (run.strategy() == null && strategy != null) {
      run = run.withStrategy(strategy);
    }
    return run(launcher, program, console, parsed, run, configuration, environment);
  }

  private static int run(
      String launcher,
      List<String> program,
      Console console,
      QuickArguments.Parsed parsed,
      RunArguments run,
      Configuration configuration,
      Map<String, String> environment) {
    try {
      DaemonPolicy policy = DaemonPolicy.of(parsed.daemon(), parsed.noDaemon(), environment);
      if (policy == DaemonPolicy.NEVER) {
        return runWhole(launcher, program, "it is not wanted", console);
      }
      DaemonFinder finder =
          new DaemonFinder(Folders.of(environment).configured(configuration), environment, console);
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

  /** What is configured, or null where the whole program is to read it, or to say what is wrong. */
  private static @Nullable Configuration configuration(Map<String, String> environment) {
    try {
      return Configuration.readQuickly(environment);
    } catch (IOException e) {
      return null;
    }
  }

  /** Whether nothing is configured that takes the whole program. */
  private static boolean mayBeQuick(Configuration configuration) {
    return configuration.get(Key.STORE_FUNCTION) == null
        && configuration.get(Key.SCRATCH_LIMIT) == null
        && configuration.get(Key.SCRATCH_KIND) == null;
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
