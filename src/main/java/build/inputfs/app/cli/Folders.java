package build.inputfs.app.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folders of this user that inputfs uses when it is not told others.
 *
 * @param store the default store
 * @param scratch takes what commands write in views; on the same disk
 * @param privateFolder takes what belongs to stores that are only read, such as executable variants
 * @param mountPoints gets the folders in which views are made
 */
record Folders(Path store, Path scratch, Path privateFolder, Path mountPoints) {

  /**
   * After the XDG Base Directory Specification: {@code $XDG_CACHE_HOME/inputfs}, or {@code
   * ~/.cache/inputfs}.
   */
  static Folders of(Map<String, String> environment) {
    String cache = absolute(environment.get("XDG_CACHE_HOME"));
    if (cache == null) {
      String home = absolute(environment.get("HOME"));
      cache = (home == null ? System.getProperty("user.home") : home) + "/.cache";
    }
    String temporary = absolute(environment.get("TMPDIR"));
    Path own = Path.of(cache, "inputfs");
    return new Folders(
        own,
        own.resolve("scratch"),
        // Where the default store keeps the same things.
        own.resolve("inputfs"),
        Path.of(temporary == null ? "/tmp" : temporary));
  }

  /** Keeps real trees. */
  Path trees() {
    return privateFolder.resolve("trees");
  }

  private static @Nullable String absolute(@Nullable String path) {
    return path != null && path.startsWith("/") ? path : null;
  }
}
