package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.DaemonClient.Info;
import build.inputfs.app.client.DaemonRunner;
import build.inputfs.app.client.UnservedException;
import build.inputfs.app.daemon.SocketPath;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** {@code inputfs run} in a view of the daemon's. For one thread. */
final class DaemonRun {
  private static final String DESCRIPTION = "inputfs run";

  private final Console console;
  private final Folders folders;
  private final Map<String, String> environment;
  private final Supplier<Interruption> signals;
  private @Nullable String launcher;

  /**
   * @param environment tells where the daemon's socket is
   * @param signals takes the signals that ask this program to end, from when it is called on
   */
  DaemonRun(
      Console console,
      Folders folders,
      Map<String, String> environment,
      Supplier<Interruption> signals) {
    this.console = console;
    this.folders = folders;
    this.environment = environment;
    this.signals = signals;
  }

  /** Has a daemon started by this program where none listens. */
  void startWith(String program) {
    launcher = program;
  }

  /** Where this user's daemon listens: the owner of /proc/self is the effective user, proc(5). */
  Path socket() throws IOException {
    int user = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    return SocketPath.of(environment, user);
  }

  /**
   * Runs the job and tells what came of it.
   *
   * @return the exit code
   * @throws UnservedException when the daemon cannot do it; nothing was begun
   * @throws IllegalArgumentException when the arguments make no sense
   */
  int run(RunArguments arguments) throws IOException {
    Invocation invocation = arguments.invocation();
    DeclaredOutputs outputs = arguments.declaredOutputs();
    Digest given = root(arguments);
    Path socket = socket();
    try (DaemonClient daemon = connect(socket)) {
      Info info = info(daemon);
      String refusal = refusal(arguments, info);
      if (refusal != null) {
        throw new UnservedException(refusal);
      }
      if (arguments.verbose()) {
        console.say("the daemon at %s makes the view".formatted(socket));
      }
      Interruption interruption = signals.get();
      long start = System.nanoTime();
      Digest root = given == null ? importInputs(arguments, daemon, interruption) : given;
      long imported = System.nanoTime() - start;
      Job job = new Job(root, invocation, outputs);
      CommandRunner commands =
          new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE, true);
      JobReport report =
          new DaemonRunner(daemon, commands, interruption)
              .run(job, strategy(arguments), arguments.json());
      new RunText(console, arguments.verbose()).print(job, report, imported);
      if (arguments.json()) {
        RunJson.write(console.out(), job, report, imported);
      }
      return report.exitCode();
    }
  }

  private DaemonClient connect(Path socket) throws IOException {
    String program = launcher;
    try {
      return DaemonClient.connect(socket, DESCRIPTION);
    } catch (IOException e) {
      if (program == null) {
        throw new UnservedException("none listens: " + e.getMessage(), e);
      }
      return new DaemonStarter(program, socket, folders.scratch())
          .start(() -> DaemonClient.connect(socket, DESCRIPTION));
    }
  }

  private static Info info(DaemonClient daemon) throws UnservedException {
    try {
      return daemon.info();
    } catch (IOException e) {
      throw new UnservedException("it does not answer: " + e.getMessage(), e);
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

  /** Why this daemon cannot do it, or null. */
  private @Nullable String refusal(RunArguments arguments, Info info) throws IOException {
    Path asked = arguments.store();
    Path store = asked == null ? folders.store() : asked;
    if (!isSame(store, info.store())) {
      return "its store is %s, not %s".formatted(info.store(), store);
    }
    String strategy = strategy(arguments);
    if (!strategy.equals(Strategies.AUTOMATIC) && !info.strategies().contains(strategy)) {
      return "it has no strategy " + strategy;
    }
    if (info.ownNamespace() && !isOurNamespace(info.pid())) {
      return "its mounts are not seen by others";
    }
    return null;
  }

  private static boolean isSame(Path store, Path other) throws IOException {
    Path absolute = store.toAbsolutePath().normalize();
    return absolute.equals(other) || (Files.exists(absolute) && Files.isSameFile(absolute, other));
  }

  /** Whether a process has our mount namespace: namespaces(7). */
  private static boolean isOurNamespace(long pid) {
    try {
      Path own = Files.readSymbolicLink(Path.of("/proc/self/ns/mnt"));
      return own.equals(Files.readSymbolicLink(Path.of("/proc/" + pid + "/ns/mnt")));
    } catch (IOException e) {
      return false;
    }
  }
}
