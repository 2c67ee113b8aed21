package build.inputfs.app.run;

import build.inputfs.cas.posix.Processes.Redirect;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One command to run in a view.
 *
 * @param arguments the first is the command: a name for PATH, or where it holds a slash a path
 *     relative to the working directory
 * @param environment its environment variables
 * @param exactEnvironment whether they stay as they are: else PWD, where it is set, becomes the
 *     working directory
 * @param workingDirectory relative to the view's root, normalized; empty for the root itself
 * @param timeout how long it may run, or null for as long as it likes
 * @param redirects its standard streams, where they are not this program's own
 */
public record Invocation(
    List<String> arguments,
    Environment environment,
    boolean exactEnvironment,
    String workingDirectory,
    @Nullable Duration timeout,
    List<Redirect> redirects) {

  public Invocation {
    arguments = List.copyOf(arguments);
    redirects = List.copyOf(redirects);
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException("there is no command to run: it has no arguments");
    }
  }

  Invocation withTimeout(Duration other) {
    return new Invocation(
        arguments, environment, exactEnvironment, workingDirectory, other, redirects);
  }
}
