package build.inputfs.app.daemon;

import java.nio.file.Path;
import java.util.Map;

/** Where the daemon of a user listens, and its clients look for it. Stateless. */
public final class SocketPath {
  /** The environment variable that names another place. */
  public static final String VARIABLE = "INPUTFS_SOCKET";

  private static final String SOCKET = "daemon.sock";

  private SocketPath() {}

  /**
   * The socket's path: as {@code INPUTFS_SOCKET} says; else for root in {@code /run/inputfs}, for
   * others in {@code $XDG_RUNTIME_DIR/inputfs}, and without that in {@code /tmp/inputfs-<uid>}, to
   * be trusted only where it belongs to that user.
   */
  public static Path of(Map<String, String> environment, int uid) {
    String named = environment.getOrDefault(VARIABLE, "");
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    if (uid == 0) {
      return Path.of("/run/inputfs", SOCKET);
    }
    String runtime = environment.getOrDefault("XDG_RUNTIME_DIR", "");
    return runtime.startsWith("/")
        ? Path.of(runtime, "inputfs", SOCKET)
        : Path.of("/tmp/inputfs-" + Integer.toUnsignedString(uid), SOCKET);
  }
}
