package build.inputfs.cas.fetch;

import build.inputfs.cas.remote.RemoteException;
import java.time.Duration;

/**
 * Whether bytes come fast enough: at least 4 KB for each second of patience must have come when
 * that is over, again and again. So who sends a byte now and then is given up like who sends
 * nothing. For one thread at a time.
 */
final class Pace {
  /** Nobody is content with less, in bytes a second. */
  private static final long SLOWEST = 4 << 10;

  private final Duration patience;
  private final long share;
  private long start = System.nanoTime();
  private long before;

  /**
   * @param patience positive
   * @param bytes how many have come
   */
  Pace(Duration patience, long bytes) {
    this.patience = patience;
    this.share = Math.max(1, patience.toMillis() * SLOWEST / 1000);
    this.before = bytes;
  }

  /**
   * How many nanoseconds are left until it is too slow, not more than zero when it is.
   *
   * @param bytes how many have come by now
   */
  long left(long bytes) {
    long now = System.nanoTime();
    if (bytes - before >= share) {
      start = now;
      before = bytes;
    }
    return patience.toNanos() - (now - start);
  }

  /** What is told of it. */
  RemoteException tooSlow(String remote, String what) {
    return RemoteException.silent(remote, what, patience);
  }
}
