package build.inputfs.cas.remote;

import java.io.InterruptedIOException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Limits the calls to one remote, and the bytes of blobs on the heap, that are in flight at a time.
 * Who comes first gets its turn first. Who needs both takes the bytes first, so that nobody who has
 * a call waits for bytes. Thread-safe.
 */
final class Throttle {
  private final int limit;
  private final Semaphore calls;
  private final Semaphore bytes;

  Throttle(RemoteOptions.Limits limits) {
    this.limit = limits.bytes();
    this.calls = new Semaphore(limits.calls(), true);
    this.bytes = new Semaphore(limits.bytes(), true);
  }

  /** Waits until another call may be made. */
  Turn call() throws InterruptedIOException {
    return take(calls, 1);
  }

  /** Waits for so many bytes, or all that there are if these are fewer. */
  Turn bytes(long wanted) throws InterruptedIOException {
    return take(bytes, (int) Math.min(wanted, limit));
  }

  private static Turn take(Semaphore from, int count) throws InterruptedIOException {
    try {
      from.acquire(count);
      return new Turn(from, count);
    } catch (InterruptedException e) {
      throw Failures.interrupted("waiting for a call's turn");
    }
  }

  /** A share that was taken, until it is closed for the first time. Thread-safe. */
  static final class Turn implements AutoCloseable {
    private final Semaphore from;
    private final AtomicInteger taken;

    private Turn(Semaphore from, int count) {
      this.from = from;
      this.taken = new AtomicInteger(count);
    }

    @Override
    public void close() {
      from.release(taken.getAndSet(0));
    }
  }
}
