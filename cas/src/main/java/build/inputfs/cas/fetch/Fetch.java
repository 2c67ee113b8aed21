package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.store.BlobSource.Watcher;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One blob on its way from the remote to the store, and those who wait for it.
 *
 * <p>Its life: wanted; arriving, when its first bytes can be read; whole, when all of it is there
 * and is right; published, when it is in the store. Or failed, from any of them. It never goes
 * back. Thread-safe: whoever brings the content has {@link #claim}ed it, all others wait. No lock
 * is held while watchers are called.
 */
final class Fetch {
  private final Digest digest;
  private final String remote;
  private final AtomicBoolean claimed = new AtomicBoolean();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<Watcher> watchers = new HashSet<>();
  private @Nullable Path file;
  private long readable;
  private boolean whole;
  private boolean published;
  private @Nullable IOException failure;

  /**
   * @param remote the name of where it comes from
   */
  Fetch(Digest digest, String remote) {
    this.digest = digest;
    this.remote = remote;
  }

  Digest digest() {
    return digest;
  }

  /** Whether the caller is the one who brings the content, or the failure of his own attempt. */
  boolean claim() {
    return claimed.compareAndSet(false, true);
  }

  /** The first {@code bytes} of the blob can be read from {@code from}. */
  void arrived(Path from, long bytes) {
    lock.lock();
    try {
      file = from;
      readable = bytes;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** All of the blob is in {@code from}, and it is right. */
  void whole(Path from) {
    lock.lock();
    try {
      file = from;
      readable = digest.size();
      whole = true;
      watchers.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The blob is in the store. */
  void published() {
    lock.lock();
    try {
      whole = true;
      published = true;
      file = null;
      watchers.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The blob cannot be had, unless it is had already. */
  void failed(IOException cause) {
    List<Watcher> told = List.of();
    lock.lock();
    try {
      if (failure == null && !published) {
        failure = cause;
        file = null;
        told = List.copyOf(watchers);
        watchers.clear();
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    told.forEach(each -> each.failed(cause));
  }

  /**
   * Has {@code watcher} told if this fails.
   *
   * @throws IOException what it has failed with already
   */
  void watch(Watcher watcher) throws IOException {
    lock.lock();
    try {
      if (failure != null) {
        throw failure;
      }
      if (!whole) {
        watchers.add(watcher);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whether all of it can be read, so that nobody needs to wait. */
  boolean isWhole() {
    lock.lock();
    try {
      return whole;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it has come to an end, well or not. */
  boolean isDone() {
    lock.lock();
    try {
      return published || failure != null;
    } finally {
      lock.unlock();
    }
  }

  /**
   * What can be read now.
   *
   * @param file null when the blob is in the store
   */
  record Content(@Nullable Path file, boolean verified) {}

  /** Waits until the first {@code bytes} can be read, or all if there are not as many. */
  Content await(long bytes, Duration patience) throws IOException {
    return await(Math.min(bytes, digest.size()), false, false, patience);
  }

  /** Waits until all of it can be read, and is right. */
  Content awaitWhole(Duration patience) throws IOException {
    return await(0, true, false, patience);
  }

  /** Waits until it is in the store. */
  void awaitPublished(Duration patience) throws IOException {
    var _ = await(0, true, true, patience);
  }

  private Content await(long bytes, boolean verified, boolean inStore, Duration patience)
      throws IOException {
    lock.lock();
    try {
      Pace pace = new Pace(patience, readable);
      boolean wasWhole = whole;
      while (true) {
        if (published) {
          return new Content(null, true);
        }
        if (failure != null) {
          throw failure;
        }
        boolean there = file != null && readable >= bytes;
        if (!inStore && there && (whole || !verified)) {
          return new Content(file, whole);
        }
        if (whole != wasWhole) {
          wasWhole = whole;
          pace = new Pace(patience, readable);
        }
        long left = pace.left(readable);
        if (left <= 0) {
          throw pace.tooSlow(remote, "blobs/" + digest);
        }
        try {
          var _ = changed.awaitNanos(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new InterruptedIOException("interrupted while waiting for blobs/" + digest);
        }
      }
    } finally {
      lock.unlock();
    }
  }
}
