package build.inputfs.cas.fetch;

import java.time.Duration;

/**
 * How blobs are fetched.
 *
 * @param calls how many calls may be in flight at a time; prefetching takes half of them at most
 * @param bytes how many bytes of blobs may be asked for and not be there yet
 * @param backgroundBytes how many of them may be prefetched while nobody waits for a blob; while
 *     somebody does, an eighth
 * @param prefetchBytes how many bytes may be prefetched for one action
 * @param batchBytes how many bytes the blobs of one batch have at most; larger blobs are streamed,
 *     and can be read while they arrive
 * @param window how long a small blob may wait for others to go with it, when one is under way
 *     already
 * @param patience how long whoever waits for a blob goes on waiting when nothing of it comes, or
 *     less than 4 KB for each second
 */
public record FetchOptions(
    int calls,
    long bytes,
    long backgroundBytes,
    long prefetchBytes,
    int batchBytes,
    Duration window,
    Duration patience) {
  /**
   * 32 calls, 64 MB (16 in the background), 1 GB for an action, batches of 1 MB, a millisecond, a
   * minute.
   */
  public static final FetchOptions USUAL =
      new FetchOptions(
          32, 64L << 20, 16L << 20, 1L << 30, 1 << 20, Duration.ofMillis(1), Duration.ofMinutes(1));

  public FetchOptions {
    if (calls < 2 || batchBytes < 1 || bytes < batchBytes || backgroundBytes < 1) {
      throw new IllegalArgumentException(
          "limits of fetching must be positive, for two calls at least");
    }
    if (window.isNegative() || !patience.isPositive()) {
      throw new IllegalArgumentException("times of fetching must be positive");
    }
  }

  /** The same with another {@code patience}. */
  public FetchOptions withPatience(Duration value) {
    return new FetchOptions(
        calls, bytes, backgroundBytes, prefetchBytes, batchBytes, window, value);
  }
}
