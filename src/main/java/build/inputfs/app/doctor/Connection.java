package build.inputfs.app.doctor;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Asks a mounted filesystem that nobody else knows of whether it has a server. Stateless. */
final class Connection {
  private static final long PATIENCE_MILLIS = 2000;

  private Connection() {}

  /**
   * Whether the kernel says that there is none: ENOTCONN. A server that is there and answers
   * nothing is waited for in a thread of its own, for a while.
   *
   * @param mount of FUSE; served by another process than this
   */
  static boolean isCut(Posix posix, Path mount) {
    CompletableFuture<Integer> asked = new CompletableFuture<>();
    Thread.ofPlatform()
        .daemon()
        .name("inputfs-is-it-served")
        .start(() -> asked.complete(posix.statvfs(mount, new long[8])));
    try {
      return asked.get(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) == -Errnos.ENOTCONN;
    } catch (TimeoutException | ExecutionException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
