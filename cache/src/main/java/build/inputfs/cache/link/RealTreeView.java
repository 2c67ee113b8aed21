package build.inputfs.cache.link;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewTree;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A view that is a real tree: in its place, or elsewhere and shown there. Owns the tree. */
final class RealTreeView implements View {
  private static final long LOOK_MILLIS = 200;

  private final Path path;
  private final String mechanism;
  private final Map<String, Long> counters;
  private final ViewTree tree;
  private final Place place;
  private final LimitHits limits = new LimitHits(Quota.NONE);
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  /** Where the tree is. */
  interface Place {
    /** Whether the view still shows it. */
    boolean isShown();

    /** Takes it away. */
    void end() throws IOException;
  }

  RealTreeView(
      Path path, String mechanism, Map<String, Long> counters, ViewTree tree, Place place) {
    this.path = path;
    this.mechanism = mechanism;
    this.counters = Map.copyOf(counters);
    this.tree = tree;
    this.place = place;
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String mechanism() {
    return mechanism;
  }

  @Override
  public ViewTree tree() {
    return tree;
  }

  /** Nothing: what the store lacks, a real tree lacks from the start, and is not made. */
  @Override
  public List<ViewFailure> failures() {
    return List.of();
  }

  @Override
  public LimitHits limits() {
    return limits;
  }

  @Override
  public Map<String, Long> counters() {
    return counters;
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    while (place.isShown() && !ended.await(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {}
  }

  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      try {
        place.end();
      } finally {
        ended.countDown();
      }
    }
  }
}
