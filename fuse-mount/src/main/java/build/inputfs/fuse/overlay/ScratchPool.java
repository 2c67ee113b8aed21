package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.scratch.Rooms;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The scratches of views: made when views are, and emptied in the background when views end, to be
 * ready for views to come; so a worker that makes and ends views all day waits for neither. Of
 * those that are not needed soon a few are kept.
 *
 * <p>Thread-safe. Owns the scratches that are ready, and the threads that remove; both end with
 * {@link #close}.
 */
final class ScratchPool implements AutoCloseable {
  /**
   * How many are removed at a time. Taking an overlay down is to wait, some milliseconds, until no
   * CPU can be looking at it (RCU), and those who wait together wait once.
   */
  private static final int MOST_REMOVERS = 32;

  /** How many are kept ready while views end: as many as may come from the removers at once. */
  private static final int MOST_READY = MOST_REMOVERS;

  /** How many are kept ready when no view ends. */
  private static final int READY_AT_REST = 8;

  /** When so many wait to be removed, whoever ends a view removes its scratch himself. */
  private static final int MOST_WAITING = 256;

  private static final long IDLE_SECONDS = 10;

  private final Posix posix;
  private final Rooms rooms;
  private final Path parent;
  private final Queue<OverlayScratch> ready = new ConcurrentLinkedQueue<>();
  private final AtomicLong made = new AtomicLong();
  private final AtomicInteger ending = new AtomicInteger();
  private final ThreadPoolExecutor removers =
      new ThreadPoolExecutor(
          MOST_REMOVERS,
          MOST_REMOVERS,
          IDLE_SECONDS,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MOST_WAITING),
          Thread.ofPlatform().daemon().name("inputfs-scratch-remover-", 0).factory(),
          (removal, pool) -> removal.run());

  /**
   * A pool.
   *
   * @param parent an existing directory, in which nobody else makes names that begin with {@code
   *     view-}
   */
  ScratchPool(Posix posix, Path parent) {
    this.posix = posix;
    this.rooms = new Rooms(posix);
    this.parent = parent;
    removers.allowCoreThreadTimeOut(true);
  }

  /**
   * An empty scratch, the caller's until it is {@link #end}ed.
   *
   * @param hits is told which limits of the quota are reached
   */
  OverlayScratch take(Quota quota, LimitHits hits) throws IOException {
    OverlayScratch waiting = quota.isNone() ? ready.poll() : null;
    return waiting != null ? waiting : create(quota, hits);
  }

  private OverlayScratch create(Quota quota, LimitHits hits) throws IOException {
    Path directory = parent.resolve("view-" + made.getAndIncrement());
    return OverlayScratch.create(posix, rooms, directory, quota, hits);
  }

  /**
   * Empties a scratch or removes it, later; at once when too many wait for that.
   *
   * @param mount the last descriptor of an overlay that was unmounted, closed before: the kernel
   *     takes the overlay down only then, which takes the longer the more was looked at; or -1
   */
  void end(OverlayScratch scratch, int mount) {
    int _ = ending.incrementAndGet();
    removers.execute(
        () -> {
          if (mount >= 0) {
            posix.close(mount);
          }
          try {
            empty(scratch);
          } catch (IOException e) {
            log().warn("A scratch is left behind", e);
          }
        });
  }

  private void empty(OverlayScratch scratch) throws IOException {
    try {
      if (ready.size() < MOST_READY && !removers.isShutdown() && scratch.renew()) {
        ready.add(scratch);
      } else {
        scratch.remove();
      }
    } finally {
      if (ending.decrementAndGet() == 0) {
        keep(READY_AT_REST);
      }
    }
  }

  /** Removes what is ready, but for some. */
  private void keep(int most) throws IOException {
    while (ready.size() > most) {
      OverlayScratch scratch = ready.poll();
      if (scratch != null) {
        scratch.remove();
      }
    }
  }

  /** Waits for the last removal. */
  @Override
  public void close() throws IOException {
    removers.close();
    keep(0);
    rooms.close();
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(ScratchPool.class);
  }
}
