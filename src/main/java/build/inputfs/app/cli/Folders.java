package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.config.Key;
import build.inputfs.cas.digest.DigestFunction;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The folders of this user that inputfs uses when it is not told others.
 *
 * @param store the folder of the default store
 * @param function the digest function of the default store, or null for that of its blobs
 * @param scratch takes what commands write in views; on the same disk
 * @param privateFolder takes what belongs to stores that are only read, such as executable variants
 * @param mountPoints gets the folders in which views are made
 */
record Folders(
    Path store,
    @Nullable DigestFunction function,
    Path scratch,
    Path privateFolder,
    Path mountPoints) {

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
        DigestFunction.SHA256,
        own.resolve("scratch"),
        // Where the default store keeps the same things.
        own.resolve("inputfs"),
        Path.of(temporary == null ? "/tmp" : temporary));
  }

  /** The same with the default store where the configuration has it. */
  Folders configured(Configuration configuration) {
    String path = configuration.get(Key.STORE_PATH);
    String name = configuration.get(Key.STORE_FUNCTION);
    DigestFunction otherwise = path == null ? function : null;
    return new Folders(
        path == null ? store : Path.of(path),
        name == null ? otherwise : DigestFunction.named(name),
        scratch,
        privateFolder,
        mountPoints);
  }

  /** Keeps real trees. */
  Path trees() {
    return privateFolder.resolve("trees");
  }

  private static @Nullable String absolute(@Nullable String path) {
    return path != null && path.startsWith("/") ? path : null;
  }
}
