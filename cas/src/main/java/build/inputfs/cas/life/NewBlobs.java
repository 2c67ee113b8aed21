package build.inputfs.cas.life;

import build.inputfs.cas.store.Lease;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What was put since the oldest work that is still going on began. Works are numbered as they
 * begin; what is put gets the number of its own put. Thread-safe.
 */
final class NewBlobs {
  private static final int PRUNE_ABOVE = 10_000;

  private final AtomicLong numbers = new AtomicLong();
  private final AtomicLong ended = new AtomicLong();
  private final ConcurrentSkipListSet<Long> open = new ConcurrentSkipListSet<>();
  private final ConcurrentMap<Object, Long> put = new ConcurrentHashMap<>();
  private final AtomicLong pruneAt = new AtomicLong(PRUNE_ABOVE);

  /** Whether something had to stay only because its own put had not ended. */
  private final AtomicBoolean caught = new AtomicBoolean();

  private final Runnable onEnd;

  /**
   * @param onEnd called when a work has ended, by whoever ends it
   */
  NewBlobs(Runnable onEnd) {
    this.onEnd = onEnd;
  }

  /** Begins a work. */
  long begin() {
    long number = numbers.incrementAndGet();
    open.add(number);
    return number;
  }

  /** What ends a work. */
  Lease lease(long number, boolean told) {
    AtomicBoolean going = new AtomicBoolean(true);
    return () -> {
      if (going.compareAndSet(true, false)) {
        open.remove(number);
        if (told || caught.getAndSet(false)) {
          ended.incrementAndGet();
          onEnd.run();
        }
      }
    };
  }

  /** How many works have ended; of puts those alone that something had to stay for. */
  long ended() {
    return ended.get();
  }

  /** Notes that something is put by the put of this number. */
  void note(Object key, long number) {
    put.put(key, number);
    if (put.size() > pruneAt.get()) {
      prune();
      pruneAt.set(Math.max(PRUNE_ABOVE, 2L * put.size()));
    }
  }

  /** Whether something was put by a put, or during a work, that is still going on. */
  boolean contains(Object key) {
    Long number = put.get(key);
    if (number == null) {
      return false;
    }
    if (open.contains(number)) {
      caught.set(true);
      if (open.contains(number)) {
        return true; // its end is counted
      }
    }
    return number >= oldest();
  }

  void prune() {
    long oldest = oldest();
    put.values().removeIf(number -> number < oldest);
  }

  private long oldest() {
    try {
      return open.first();
    } catch (NoSuchElementException e) {
      return Long.MAX_VALUE;
    }
  }
}
