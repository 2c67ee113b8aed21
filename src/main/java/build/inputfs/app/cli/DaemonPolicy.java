package build.inputfs.app.cli;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whether a command uses a daemon. */
enum DaemonPolicy {
  /** It does not. */
  NEVER,
  /** It does when there is one that can serve it. */
  AUTO,
  /** It does, and starts one when there is none. */
  START,
  /** It does, or fails. */
  REQUIRE;

  /** The environment variable that says so, in lower case. */
  static final String VARIABLE = "INPUTFS_DAEMON";

  /**
   * What options and environment say.
   *
   * @throws IllegalArgumentException when they say nothing that there is
   */
  static DaemonPolicy of(boolean daemon, boolean noDaemon, Map<String, String> environment) {
    if (daemon && noDaemon) {
      throw new IllegalArgumentException("give one of --daemon and --no-daemon");
    }
    if (noDaemon) {
      return NEVER;
    }
    DaemonPolicy general = general(environment.get(VARIABLE));
    return daemon && general != START ? REQUIRE : general;
  }

  private static DaemonPolicy general(@Nullable String text) {
    return switch (text == null ? "" : text) {
      case "", "auto" -> AUTO;
      case "never" -> NEVER;
      case "start" -> START;
      case "require" -> REQUIRE;
      default ->
          throw new IllegalArgumentException(
              VARIABLE + " is one of never, auto, start and require, not '" + text + "'");
    };
  }
}
