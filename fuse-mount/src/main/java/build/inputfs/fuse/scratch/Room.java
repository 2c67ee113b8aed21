package build.inputfs.fuse.scratch;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.Quota.Limit;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that one view writes in, kept within its quota. Made by {@link Rooms}. Thread-safe.
 *
 * <p>While the quota is in force somebody looks now and then how much there is, because no kernel
 * tells that it has refused something. A limit counts as reached when nearly nothing is left; what
 * was refused because it was too large at once, with much left, is not noticed.
 */
public final class Room {
  private static final long SLACK_BYTES = 64 << 10;

  /** How often the kernel is asked, where one call tells. */
  private static final Duration OFTEN = Duration.ofMillis(10);

  /** A look that takes long is repeated the later, so that it takes a twentieth of a CPU. */
  private static final int PAUSE_FACTOR = 20;

  private static final Duration SELDOM = Duration.ofSeconds(5);

  private final Path directory;
  private final Limiter limiter;
  private final Quota quota;
  private final LimitHits hits;
  private final ScheduledExecutorService looking;
  private volatile Usage before = Usage.NOTHING;
  private volatile boolean inForce;

  Room(
      Path directory,
      Limiter limiter,
      Quota quota,
      LimitHits hits,
      ScheduledExecutorService looking) {
    this.directory = directory;
    this.limiter = limiter;
    this.quota = quota;
    this.hits = hits;
    this.looking = looking;
  }

  /** The folder. */
  public Path directory() {
    return directory;
  }

  /** How the quota is kept, for people; empty where there is none. */
  public String mechanism() {
    return limiter.name();
  }

  /** Whether the kernel refuses what is too much. */
  public boolean refuses() {
    return limiter.refuses();
  }

  /** Puts the quota in force: what is there until now does not count. */
  public void limit() throws IOException {
    if (quota.bytes() == 0 && quota.files() == 0) {
      return;
    }
    before = limiter.usage();
    limiter.allow(quota, before);
    inForce = true;
    lookLater(OFTEN.toNanos());
  }

  private void lookLater(long nanos) {
    if (inForce && !looking.isShutdown()) {
      var _ = looking.schedule(this::lookAgain, nanos, TimeUnit.NANOSECONDS);
    }
  }

  private void lookAgain() {
    long start = System.nanoTime();
    look();
    long pause = (System.nanoTime() - start) * PAUSE_FACTOR;
    lookLater(Math.clamp(pause, OFTEN.toNanos(), SELDOM.toNanos()));
  }

  /** Looks whether a limit is reached, and notes it. */
  public synchronized void look() {
    if (!inForce) {
      return;
    }
    try {
      Usage now = limiter.usage().minus(before);
      look(Limit.BYTES, now.bytes(), Math.min(SLACK_BYTES, quota.bytes() / 16));
      look(Limit.FILES, now.files(), 1);
    } catch (NoSuchFileException e) {
      // It is just being removed.
    } catch (IOException e) {
      log().warn("How much is in {} cannot be told: {}", directory, e.getMessage());
    }
  }

  private void look(Limit limit, long used, long slack) {
    long allowed = quota.of(limit);
    if (allowed > 0 && (limiter.refuses() ? used > allowed - slack : used > allowed)) {
      hits.record(limit, limiter.refuses());
    }
  }

  /** Looks no more. */
  public synchronized void end() {
    inForce = false;
  }

  /** Removes the folder and all in it. */
  public void remove() throws IOException {
    end();
    limiter.remove();
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(Room.class);
  }
}
