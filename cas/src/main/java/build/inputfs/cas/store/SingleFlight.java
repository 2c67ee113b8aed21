package build.inputfs.cas.store;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;

/**
 * Work that is done once for all who ask for it at the same time.
 *
 * <p>The first caller for a key does the work on its own thread; callers that come meanwhile wait
 * for it and get the same result or the same exception. Nothing is remembered afterwards. When the
 * first caller was interrupted, one of those who wait does the work again: its interruption is no
 * concern of theirs. No lock is held while the work is done. Thread-safe.
 */
public final class SingleFlight<K, V> {
  private final ConcurrentMap<K, CompletableFuture<V>> inFlight = new ConcurrentHashMap<>();

  /** Work that may fail as a disk fails. It must not ask for its own key. */
  @FunctionalInterface
  public interface Work<V> {
    V run() throws IOException;
  }

  /**
   * Does {@code work}, or waits for whoever is doing it for {@code key}.
   *
   * @throws InterruptedIOException when the calling thread is interrupted while it waits
   */
  public V run(K key, Work<V> work) throws IOException {
    while (true) {
      CompletableFuture<V> mine = new CompletableFuture<>();
      CompletableFuture<V> other = inFlight.putIfAbsent(key, mine);
      if (other == null) {
        return lead(key, mine, work);
      }
      try {
        return other.get();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while waiting for " + key);
      } catch (ExecutionException e) {
        switch (e.getCause()) {
          case ClosedByInterruptException interrupted -> {}
          case InterruptedIOException interrupted -> {}
          case IOException failure -> throw failure;
          case RuntimeException failure -> throw failure;
          case Error failure -> throw failure;
          case null, default -> throw new IOException(e);
        }
      }
    }
  }

  private V lead(K key, CompletableFuture<V> mine, Work<V> work) throws IOException {
    try {
      V value = work.run();
      inFlight.remove(key, mine);
      mine.complete(value);
      return value;
    } catch (IOException | RuntimeException | Error e) {
      inFlight.remove(key, mine);
      mine.completeExceptionally(e);
      throw e;
    }
  }
}
