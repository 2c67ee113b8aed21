package build.inputfs.app.cli;

import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Invocation;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cas.posix.Processes.Redirect;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@code inputfs run} was asked for, as it was written: whoever parsed it. Methods throw
 * IllegalArgumentException, with a message for the user, where it makes no sense.
 *
 * @param inputs a directory to import, or null
 * @param root a tree of the store, or null
 * @param workingDirectory relative to the tree, or null for its root
 * @param assignments each {@code NAME=VALUE}
 * @param timeout in seconds, or null
 * @param store its folder, or null for the default store
 * @param strategy its name, or null
 * @param command with its arguments
 */
record RunArguments(
    @Nullable String inputs,
    @Nullable String root,
    List<String> outputs,
    @Nullable String workingDirectory,
    List<String> assignments,
    boolean cleanEnvironment,
    @Nullable String timeout,
    @Nullable Path store,
    @Nullable String strategy,
    boolean json,
    boolean verbose,
    List<String> command) {

  RunArguments {
    outputs = List.copyOf(outputs);
    assignments = List.copyOf(assignments);
    command = List.copyOf(command);
  }

  /** The same with another strategy. */
  RunArguments withStrategy(String name) {
    return new RunArguments(
        inputs,
        root,
        outputs,
        workingDirectory,
        assignments,
        cleanEnvironment,
        timeout,
        store,
        name,
        json,
        verbose,
        command);
  }

  /** The command's standard streams, where they are not this program's own. */
  List<Redirect> redirects() {
    return json ? List.of(new Redirect.Like(1, 2)) : List.of();
  }

  /** What the command makes. */
  DeclaredOutputs declaredOutputs() {
    try {
      return DeclaredOutputs.ofPaths(outputs);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--output: " + e.getMessage(), e);
    }
  }

  /** The command and all around it. */
  Invocation invocation() throws IOException {
    if (command.isEmpty()) {
      throw new IllegalArgumentException("there is no command to run: put it after `--`");
    }
    Environment environment = cleanEnvironment ? Environment.EMPTY : Environment.inherited();
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      if (equals < 1) {
        throw new IllegalArgumentException("--env takes NAME=VALUE, not '" + assignment + "'");
      }
      environment =
          environment.with(assignment.substring(0, equals), assignment.substring(equals + 1));
    }
    return new Invocation(
        command, environment, cleanEnvironment, directory(), timeoutDuration(), redirects());
  }

  private String directory() {
    try {
      return workingDirectory == null ? "" : DeclaredOutputs.resolve("", workingDirectory);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("--working-directory: " + e.getMessage(), e);
    }
  }

  /** How long the command may run, or null. */
  @Nullable Duration timeoutDuration() {
    if (timeout == null) {
      return null;
    }
    try {
      BigDecimal nanos = new BigDecimal(timeout).movePointRight(9);
      if (nanos.signum() > 0) {
        return Duration.ofNanos(nanos.toBigInteger().longValueExact());
      }
    } catch (ArithmeticException | NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "--timeout takes seconds, such as 90 or 0.5, not " + timeout);
  }
}
