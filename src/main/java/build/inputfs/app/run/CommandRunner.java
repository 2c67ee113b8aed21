package build.inputfs.app.run;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Host;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.posix.Processes;
import build.inputfs.cas.posix.Processes.Program;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;

/**
 * Runs a command in a directory, which may be in a view that this very process serves, and ends
 * every process that it leaves behind, daemons included.
 *
 * <p>For one thread; while a command runs, no other thread may start a process or wait for one, as
 * all children that end meanwhile are taken for the command's.
 */
public final class CommandRunner {
  /** How long a command that is asked to end has, unless said otherwise. */
  public static final Duration GRACE = Duration.ofSeconds(5);

  private final Processes processes;
  private final Interruption interruption;
  private final Duration grace;
  private final boolean mayLook;

  /**
   * @param interruption signals that are passed on to the command
   * @param grace how long a command that is asked to end has until it is killed
   */
  public CommandRunner(Processes processes, Interruption interruption, Duration grace) {
    this(processes, interruption, grace, false);
  }

  /**
   * The same for a process that may serve no mount.
   *
   * @param mayLook whether this process serves none, so that it can look for itself where the
   *     command is: that takes less time than to try
   */
  public CommandRunner(
      Processes processes, Interruption interruption, Duration grace, boolean mayLook) {
    this.processes = processes;
    this.interruption = interruption;
    this.grace = grace;
    this.mayLook = mayLook;
  }

  /**
   * Runs the command to its end. When this returns or throws, no process of it is left.
   *
   * @param root the view's path, absolute; not touched but by the command
   * @throws IOException when processes cannot be awaited or ended
   */
  public CommandEnd run(Path root, Invocation invocation) throws IOException {
    return run(root, invocation, _ -> {});
  }

  /**
   * The same for a command that may have to be ended early.
   *
   * @param ending is given what does that: SIGTERM, and SIGKILL after a while. It may be called
   *     from any thread, and does nothing when the command has ended
   */
  public CommandEnd run(Path root, Invocation invocation, Consumer<Runnable> ending)
      throws IOException {
    processes.setSubreaper(true);
    try {
      return runAsSubreaper(root, invocation, ending);
    } finally {
      processes.setSubreaper(false);
    }
  }

  private CommandEnd runAsSubreaper(Path root, Invocation invocation, Consumer<Runnable> ending)
      throws IOException {
    Descendants descendants = new Descendants(processes);
    int pid = start(root.resolve(invocation.workingDirectory()), invocation);
    if (pid < 0) {
      return notStarted(invocation.arguments().getFirst(), -pid);
    }
    ChildProcess command = new ChildProcess(processes, pid);
    Watchdog watchdog =
        new Watchdog(command, invocation.timeout(), grace, isForegroundOfTerminal());
    try (watchdog;
        Interruption.Forwarding _ = interruption.forwardTo(watchdog::signal)) {
      ending.accept(watchdog::endEarly);
      descendants.await(pid);
      return watchdog.end(command.reap());
    } finally {
      command.signal(9);
      descendants.end();
    }
  }

  /** Returns the process id or {@code -errno}, as execvp(3) has it for the shells. */
  private int start(Path directory, Invocation invocation) {
    Environment environment = invocation.environment();
    if (!invocation.exactEnvironment()) {
      environment = environment.in(directory);
    }
    int failure = -Errnos.ENOENT;
    for (String file : candidates(invocation.arguments().getFirst(), environment)) {
      if (mayLook && Files.notExists(directory.resolve(file))) {
        continue;
      }
      int result = start(file, invocation.arguments(), environment, directory, invocation);
      if (result == -Errnos.ENOEXEC) {
        List<String> script = new ArrayList<>(List.of("/bin/sh", file));
        script.addAll(invocation.arguments().subList(1, invocation.arguments().size()));
        result = start("/bin/sh", script, environment, directory, invocation);
      }
      if (result == -Errnos.EACCES) {
        failure = result;
      } else if (result != -Errnos.ENOENT && result != -Errnos.ENOTDIR) {
        return result;
      }
    }
    return failure;
  }

  private int start(
      String file,
      List<String> arguments,
      Environment environment,
      Path directory,
      Invocation invocation) {
    return processes.spawn(
        new Program(file, arguments, environment.entries(), directory, invocation.redirects()));
  }

  /** Where a command of this name may be, in the order of the command's own PATH. */
  private static List<String> candidates(String name, Environment environment) {
    if (name.contains("/")) {
      return List.of(name);
    }
    if (name.isEmpty()) {
      return List.of();
    }
    String path = environment.get("PATH");
    List<String> candidates = new ArrayList<>();
    // Without a PATH it is what confstr(3) has for _CS_PATH.
    for (String folder : (path == null ? "/bin:/usr/bin" : path).split(":", -1)) {
      candidates.add(folder.isEmpty() ? "./" + name : folder + "/" + name);
    }
    return candidates;
  }

  private static CommandEnd notStarted(String command, int errno) {
    boolean missing = errno == Errnos.ENOENT || errno == Errnos.ENOTDIR;
    return new CommandEnd.NotStarted(
        missing ? 127 : 126,
        missing
            ? "there is no command '" + command + "' (or its interpreter is missing)"
            : "cannot run '" + command + "': " + PosixException.describe(errno));
  }

  /** Whether the terminal sends SIGINT to this process's group, and so to the command: proc(5). */
  private static boolean isForegroundOfTerminal() throws IOException {
    if (Host.isMac()) {
      return Objects.requireNonNull(System.console(), "since Java 22 there is one").isTerminal();
    }
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    String group = fields[2];
    String foregroundGroup = fields[5];
    return group.equals(foregroundGroup);
  }
}
