package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.forest.Forest;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.FailureLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A view that {@link OverlayStrategy} made. Owns its mount, its scratch and its stack. */
final class OverlayView implements View {
  private static final long LOOK_AGAIN_MILLIS = 200;

  private final Posix posix;
  private final ViewSpec spec;
  private final Path path;
  private final long mountId;
  private final Forest forest;
  private final Forest.Stack stack;
  private final OverlayScratch scratch;
  private final UpperReader tree;
  private final TreeReader reader;
  private final ScratchPool scratches;
  private final Map<String, Long> requestsBefore;
  private final FailureLog failures = new FailureLog();
  private final LimitHits limits;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  OverlayView(
      Posix posix,
      ViewSpec spec,
      Path path,
      long mountId,
      Forest forest,
      Forest.Stack stack,
      OverlayScratch scratch,
      LimitHits limits,
      UpperReader tree,
      TreeReader reader,
      ScratchPool scratches) {
    this.posix = posix;
    this.spec = spec;
    this.path = path;
    this.mountId = mountId;
    this.forest = forest;
    this.stack = stack;
    this.scratch = scratch;
    this.limits = limits;
    this.tree = tree;
    this.reader = reader;
    this.scratches = scratches;
    this.requestsBefore = forest.requests();
    forest.record(failures);
  }

  @Override
  public Path path() {
    return spec.path();
  }

  @Override
  public String mechanism() {
    String limited = scratch.room().mechanism();
    int directories = stack.directories().size();
    return "overlay of %d forest %s, %s%s"
        .formatted(
            directories,
            directories == 1 ? "directory" : "directories",
            forest.mechanism(),
            limited.isEmpty() ? "" : ", " + limited);
  }

  @Override
  public ViewTree tree() {
    return tree;
  }

  /**
   * What the forest could not give since this view was made, as far as this view's tree has it too:
   * which view it was that asked, nobody knows.
   */
  @Override
  public List<ViewFailure> failures() {
    return failures.all().stream().filter(this::concernsThis).toList();
  }

  private boolean concernsThis(ViewFailure failure) {
    Digest digest = failure.digest();
    return digest != null && isHere(failure.path(), digest);
  }

  private boolean isHere(String path, Digest digest) {
    try {
      return digest.equals(reader.resolve(spec.root(), path).digest());
    } catch (IOException e) {
      return true; // the way there cannot be read either
    }
  }

  @Override
  public LimitHits limits() {
    if (!closed.get()) {
      scratch.room().look();
    }
    return limits;
  }

  /** Requests to the forest while this view was there, other views' included. */
  @Override
  public Map<String, Long> counters() {
    Map<String, Long> counters = new TreeMap<>();
    forest
        .requests()
        .forEach(
            (kind, count) ->
                counters.put("requests " + kind, count - requestsBefore.getOrDefault(kind, 0L)));
    counters.put(
        View.FETCH_WAITS, TimeUnit.NANOSECONDS.toMillis(failures.waitedNanos(this::isHere)));
    counters.values().removeIf(count -> count == 0);
    return counters;
  }

  /** The kernel tells nobody that an overlay was unmounted, so the table of mounts is looked at. */
  @Override
  public void awaitEnd() throws InterruptedException {
    try {
      while (!ended.await(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS)) {
        if (!MountTable.read().has(mountId)) {
          return;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e); // proc(5) is always there on Linux
    }
  }

  @Override
  public void close() throws IOException {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    scratch.room().end();
    int root = MountPoints.open(posix, path);
    try {
      MountPoints.unmount(posix, root, path, mountId);
    } finally {
      ended.countDown();
      forest.stopRecording(failures);
      scratches.end(scratch, root);
      stack.close();
    }
  }
}
