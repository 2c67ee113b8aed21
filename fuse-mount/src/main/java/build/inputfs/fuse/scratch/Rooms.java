package build.inputfs.fuse.scratch;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.Quota.Medium;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/**
 * Makes folders for views to write in, each kept within its quota in the best way that there is: a
 * tmpfs where that is asked for, a project quota where the disk has them, else by looking.
 *
 * <p>Thread-safe. Owns the thread that looks, which is there when the first folder has a quota.
 */
public final class Rooms implements AutoCloseable {
  private final Posix posix;
  private @Nullable ScheduledExecutorService looking;

  public Rooms(Posix posix) {
    this.posix = posix;
  }

  /**
   * Makes a folder fit for a view.
   *
   * @param directory an empty folder, the room's from now on
   * @param hits is told which limits were reached
   * @throws IOException when there is no such place to be had here; the folder is gone then
   */
  public Room furnish(Path directory, Quota quota, LimitHits hits) throws IOException {
    return new Room(directory, limiter(directory, quota), quota, hits, looking());
  }

  private Limiter limiter(Path directory, Quota quota) throws IOException {
    if (quota.medium() == Medium.MEMORY) {
      return Tmpfs.mount(posix, directory);
    }
    boolean limited = quota.bytes() > 0 || quota.files() > 0;
    Limiter project = limited ? ProjectQuota.of(posix, directory) : null;
    return project != null ? project : new Walk(posix, directory, limited);
  }

  private synchronized ScheduledExecutorService looking() {
    ScheduledExecutorService there = looking;
    if (there == null) {
      there =
          Executors.newSingleThreadScheduledExecutor(
              Thread.ofPlatform().daemon().name("inputfs-scratch-watcher").factory());
      looking = there;
    }
    return there;
  }

  /** Looks no more. All folders have been removed before. */
  @Override
  public synchronized void close() {
    if (looking != null) {
      var _ = looking.shutdownNow();
    }
  }
}
