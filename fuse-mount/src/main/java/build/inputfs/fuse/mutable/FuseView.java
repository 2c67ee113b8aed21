package build.inputfs.fuse.mutable;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewTree;
import build.inputfs.fuse.vfs.FailureLog;
import build.inputfs.fuse.vfs.Mounted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A view that {@link FuseStrategy} made. Owns its mount, its descriptors and its scratch. */
final class FuseView implements View {
  static final String PRIVATE_COPIES = "private copies";
  static final String PRIVATE_COPY_BYTES = "private copy bytes";

  private final Path path;
  private final Mounted mounted;
  private final FailureLog failures;
  private final LimitHits limits;
  private final Contents contents;
  private final ViewTree tree;
  private final Scratch scratch;
  private final FuseTotals totals;
  private final AtomicBoolean closed = new AtomicBoolean();

  FuseView(
      Path path,
      Mounted mounted,
      FailureLog failures,
      LimitHits limits,
      Contents contents,
      ViewTree tree,
      Scratch scratch,
      FuseTotals totals) {
    this.path = path;
    this.mounted = mounted;
    this.failures = failures;
    this.limits = limits;
    this.contents = contents;
    this.tree = tree;
    this.scratch = scratch;
    this.totals = totals;
    totals.began(this);
  }

  @Override
  public Path path() {
    return path;
  }

  @Override
  public String mechanism() {
    String limited =
        scratch.room().refuses()
            ? ", " + scratch.room().mechanism()
            : contents.allowance.countsBytes() ? ", bytes counted" : "";
    return "fuse, " + mounted.mechanism() + limited;
  }

  @Override
  public ViewTree tree() {
    return tree;
  }

  @Override
  public List<ViewFailure> failures() {
    return failures.all();
  }

  @Override
  public LimitHits limits() {
    if (!closed.get()) {
      scratch.room().look();
    }
    return limits;
  }

  @Override
  public Map<String, Long> counters() {
    Map<String, Long> counters = new TreeMap<>();
    mounted.requests().forEach((kind, count) -> counters.put("requests " + kind, count));
    counters.put(PRIVATE_COPIES, contents.privateCopies.sum());
    counters.put(PRIVATE_COPY_BYTES, contents.privateCopyBytes.sum());
    long waited = failures.waitedNanos((at, digest) -> true);
    if (waited > 0) {
      counters.put(View.FETCH_WAITS, TimeUnit.NANOSECONDS.toMillis(waited));
    }
    return counters;
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    mounted.awaitUnmounted();
  }

  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    // The scratch goes last and goes in any case: while the mount lives, it is in use.
    try (scratch) {
      mounted.close();
      contents.closeDescriptors();
    } finally {
      totals.ended(this);
    }
  }
}
