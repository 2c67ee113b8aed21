package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.DaemonRunner;
import build.inputfs.app.client.UnservedException;
import build.inputfs.app.run.CommandRunner;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Invocation;
import build.inputfs.app.run.Job;
import build.inputfs.app.run.JobReport;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.posix.Processes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code inputfs run} in a view of the daemon's. For one thread. */
final class DaemonRun {
  private static final String DESCRIPTION = "inputfs run";

  private final Console console;
  private final DaemonFinder finder;
  private final Supplier<Interruption> signals;

  /**
   * @param signals takes the signals that ask this program to end, from when it is called on
   */
  DaemonRun(Console console, DaemonFinder finder, Supplier<Interruption> signals) {
    this.console = console;
    this.finder = finder;
    this.signals = signals;
  }

  /**
   * Runs the job and tells what came of it.
   *
   * @return the exit code
   * @throws UnservedException when the daemon cannot do it; nothing was begun
   * @throws IllegalArgumentException when the arguments make no sense
   */
  int run(RunArguments arguments) throws IOException {
    return run(arguments, job(arguments));
  }

  /** What there is to run, on a connection to a daemon that can do it. */
  @FunctionalInterface
  interface JobSource {
    Job job(DaemonClient daemon, Interruption interruption) throws IOException;
  }

  /** The command that the arguments have, in the tree that they name. */
  JobSource job(RunArguments arguments) throws IOException {
    Invocation invocation = arguments.invocation();
    DeclaredOutputs outputs = arguments.declaredOutputs();
    Digest given = root(arguments);
    return (daemon, interruption) -> {
      Digest root = given == null ? importInputs(arguments, daemon, interruption) : given;
      return new Job(root, invocation, outputs);
    };
  }

  /** The same, with a job from elsewhere. */
  int run(RunArguments arguments, JobSource source) throws IOException {
    try (DaemonClient daemon =
        finder.find(DESCRIPTION, arguments.store(), strategy(arguments), arguments.verbose())) {
      Interruption interruption = signals.get();
      long start = System.nanoTime();
      Job job = source.job(daemon, interruption);
      long imported = System.nanoTime() - start;
      CommandRunner commands =
          new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE, true);
      JobReport report =
          new DaemonRunner(daemon, commands, interruption, /* localOnly= */ false)
              .run(job, strategy(arguments), arguments.json());
      new RunText(console, arguments.verbose()).print(job, report, imported);
      if (arguments.json()) {
        RunJson.write(console.out(), job, report, imported);
      }
      return report.exitCode();
    }
  }

  private static Digest importInputs(
      RunArguments arguments, DaemonClient daemon, Interruption interruption) throws IOException {
    Path directory = Path.of(String.valueOf(arguments.inputs()));
    return interruption.interruptibly(() -> daemon.importDirectory(directory));
  }

  /** The root that was given, or null where inputs are to be imported. */
  private static @Nullable Digest root(RunArguments arguments) throws UnservedException {
    String root = arguments.root();
    try {
      return root == null ? null : Digest.parse(root);
    } catch (InvalidDigestException e) {
      throw new UnservedException("the root's size is not given", e);
    }
  }

  private static String strategy(RunArguments arguments) {
    String strategy = arguments.strategy();
    return strategy == null ? Strategies.AUTOMATIC : strategy;
  }
}
