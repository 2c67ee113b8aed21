package build.inputfs.cas.remote;

import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * How often and how long one operation is tried. What comes nearer to its end sets everything back:
 * patience is for silence. For one thread.
 */
final class Attempts {
  private final RemoteOptions.Timing timing;
  private final BooleanSupplier renewal;
  private final Runnable retried;
  private boolean renewed;
  private int failures;
  private long start = System.nanoTime();

  /**
   * @param renewal has the client show what it has now, and says whether it has anything to show
   * @param retried is run before each further attempt
   */
  Attempts(RemoteOptions.Timing timing, BooleanSupplier renewal, Runnable retried) {
    this.timing = timing;
    this.renewal = renewal;
    this.retried = retried;
  }

  /** Something has come of it. */
  void progress() {
    failures = 0;
    renewed = false;
    start = System.nanoTime();
  }

  /** Something has moved, though it may have to be done again. */
  void alive() {
    start = System.nanoTime();
  }

  /** How long this attempt may stay silent, in nanoseconds. */
  long silence() {
    return Math.max(1, Math.min(timing.attempt().toNanos(), left()));
  }

  /**
   * Waits a while and returns, for another attempt to be made. A client that is not known to the
   * server may have got a new token just now: one more attempt is made with what its files say.
   *
   * @throws RemoteException the failure itself, when there is to be none
   */
  void failed(RemoteException failure) throws RemoteException, InterruptedIOException {
    failures++;
    boolean again = failure.isRetriable() || mayRenew(failure);
    if (!again || failures >= timing.attempts()) {
      throw failure;
    }
    long pause = pause();
    if (pause >= left()) {
      throw failure;
    }
    try {
      Thread.sleep(Duration.ofNanos(pause));
    } catch (InterruptedException e) {
      throw Failures.interrupted("waiting to try again");
    }
    retried.run();
  }

  private boolean mayRenew(RemoteException failure) {
    boolean mayHelp = failure.isUnauthenticated() && !renewed && renewal.getAsBoolean();
    renewed |= mayHelp;
    return mayHelp;
  }

  /** As {@link #failed}, and says whether there is to be another attempt. */
  boolean mayFail(RemoteException failure) throws InterruptedIOException {
    try {
      failed(failure);
      return true;
    } catch (RemoteException e) {
      return false;
    }
  }

  private long left() {
    return timing.patience().toNanos() - (System.nanoTime() - start);
  }

  /** From half of the mean to one and a half: those who failed together come back one by one. */
  private long pause() {
    long mean = timing.backoff().toNanos();
    long longest = timing.longestBackoff().toNanos();
    for (int i = 1; i < failures && mean < longest; i++) {
      mean *= 2;
    }
    mean = Math.min(mean, longest);
    return mean / 2 + ThreadLocalRandom.current().nextLong(mean + 1);
  }
}
