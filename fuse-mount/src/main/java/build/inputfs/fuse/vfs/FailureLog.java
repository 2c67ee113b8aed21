package build.inputfs.fuse.vfs;

import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The record of what the store or the disk could not give, or not at once. Thread-safe. */
public final class FailureLog implements FailureRecorder {

  /** Past this many different ones the rest are only logged. */
  private static final int LIMIT = 1000;

  /** Waits for so many different files are told apart. */
  private static final int MOST_WAITS = 20_000;

  private record Wanted(String path, Digest digest) {}

  private final Set<ViewFailure> failures = new LinkedHashSet<>();

  // Guarded by waits.
  private final Map<Wanted, Long> waits = new HashMap<>();
  private long otherWaits;

  /** Records a failure; one that is recorded already is left out. */
  @Override
  public void record(String operation, String path, @Nullable Digest digest, IOException cause) {
    ViewFailure failure = ViewFailure.of(operation, path, digest, cause);
    boolean isNew;
    synchronized (failures) {
      isNew = failures.size() < LIMIT && failures.add(failure);
    }
    if (isNew) {
      log().warn("{}", failure);
    }
  }

  @Override
  public void waited(String path, Digest digest, long nanos) {
    Wanted wanted = new Wanted(path, digest);
    synchronized (waits) {
      if (waits.size() < MOST_WAITS || waits.containsKey(wanted)) {
        waits.merge(wanted, nanos, Long::sum);
      } else {
        otherWaits += nanos;
      }
    }
  }

  /**
   * How long was waited for fetches, in nanoseconds: the sum over all threads.
   *
   * @param which the path and digest of what was waited for; what came after very many others
   *     counts always
   */
  public long waitedNanos(BiPredicate<String, Digest> which) {
    Map<Wanted, Long> all;
    long sum;
    synchronized (waits) {
      all = Map.copyOf(waits);
      sum = otherWaits;
    }
    for (Map.Entry<Wanted, Long> wait : all.entrySet()) {
      sum += which.test(wait.getKey().path(), wait.getKey().digest()) ? wait.getValue() : 0;
    }
    return sum;
  }

  /** All that were recorded, in order. */
  public List<ViewFailure> all() {
    synchronized (failures) {
      return List.copyOf(failures);
    }
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(FailureLog.class);
  }
}
