package build.inputfs.app.cli;

import build.inputfs.app.client.UnservedException;
import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Interruption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ParseResult;

/**
 * Whether a daemon does the work of one command: as options and environment say, and where one
 * listens that can. For one thread.
 */
final class DaemonChoice {
  /** What tells where the program's launcher is, for starting a daemon with it. */
  private static final String LAUNCHER = "inputfs.launcher";

  /** The options of which the daemon has what is configured, or something of its own. */
  private static final List<String> OF_THE_DAEMON =
      List.of(Options.SCRATCH, Options.REMOTE, Options.REMOTE_TIMEOUT);

  private final ParseResult arguments;
  private final Context context;
  private final Map<String, String> environment;
  private final DaemonPolicy policy;
  private final boolean verbose;
  private final String unserved;

  private DaemonChoice(
      ParseResult arguments,
      Context context,
      Map<String, String> environment,
      DaemonPolicy policy,
      boolean verbose,
      String unserved) {
    this.arguments = arguments;
    this.context = context;
    this.environment = environment;
    this.policy = policy;
    this.verbose = verbose;
    this.unserved = unserved;
  }

  /** Does the work with the daemon that is found. */
  @FunctionalInterface
  interface ByDaemon {
    int run(DaemonFinder finder) throws IOException;
  }

  /**
   * What the arguments of a command and this process's environment say.
   *
   * @param notForDaemons the options that no daemon serves
   */
  static DaemonChoice of(ParseResult arguments, Context context, List<String> notForDaemons)
      throws IOException {
    Map<String, String> environment = context.environment();
    DaemonPolicy policy =
        Options.sensible(
            arguments,
            () ->
                DaemonPolicy.of(
                    Options.has(arguments, Options.DAEMON),
                    Options.has(arguments, Options.NO_DAEMON),
                    environment));
    String unserved = environment.getOrDefault(Environment.NO_DAEMON, "");
    for (String option : notForDaemons) {
      if (unserved.isEmpty() && isAskedFor(arguments, option)) {
        unserved = "it cannot serve " + option;
      }
    }
    return new DaemonChoice(
        arguments, context, environment, policy, Options.has(arguments, Options.VERBOSE), unserved);
  }

  /** What is configured counts too, but for what the daemon has by itself. */
  private static boolean isAskedFor(ParseResult arguments, String option) {
    boolean counts = !OF_THE_DAEMON.contains(option) && Options.get(arguments, option) != null;
    return arguments.hasMatchedOption(option) || (counts && !isFlag(arguments, option));
  }

  private static boolean isFlag(ParseResult arguments, String option) {
    return arguments.commandSpec().findOption(option).arity().max() == 0;
  }

  /**
   * Does the work, by a daemon or in this process.
   *
   * @throws IOException when a daemon is required and none serves this
   */
  int run(ByDaemon byDaemon, Interruption.Work<Integer> here) throws IOException {
    if (policy != DaemonPolicy.NEVER) {
      try {
        return byDaemon.run(finder());
      } catch (UnservedException e) {
        if (policy == DaemonPolicy.REQUIRE) {
          throw new IOException("a daemon is required, but " + e.getMessage(), e);
        }
        if (verbose) {
          context.console().say("no daemon is used: " + e.getMessage());
        }
      }
    }
    return here.run();
  }

  private DaemonFinder finder() throws IOException {
    if (!unserved.isEmpty()) {
      throw new UnservedException(unserved);
    }
    Path store = Stores.place(arguments, context.folders()).root();
    DaemonFinder finder =
        new DaemonFinder(context.folders(), environment, context.console()).ofStore(store);
    String launcher = System.getProperty(LAUNCHER);
    if (policy == DaemonPolicy.START && launcher != null) {
      Path configuration = Options.path(arguments, Options.CONFIG);
      return configuration == null
          ? finder.startingWith(launcher)
          : finder.startingWith(
              launcher, Options.CONFIG, configuration.toAbsolutePath().toString());
    }
    if (!Files.exists(finder.socket())) {
      throw new UnservedException("none listens at " + finder.socket());
    }
    return finder;
  }
}
