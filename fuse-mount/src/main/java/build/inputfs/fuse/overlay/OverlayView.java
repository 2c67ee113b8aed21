package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.forest.Forest;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.FailureLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A view that {@link OverlayStrategy} made. Owns its mount, its scratch and its stack. */
final class OverlayView implements View {
  private static final long LOOK_AGAIN_MILLIS = 200;

  private final Posix posix;
  private final ViewSpec spec;
  private final MountTable.Line mount;
  private final Forest forest;
  private final Forest.Stack stack;
  private final OverlayScratch scratch;
  private final UpperReader tree;
  private final TreeReader reader;
  private final Executor remover;
  private final Map<String, Long> requestsBefore;
  private final FailureLog failures = new FailureLog();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final CountDownLatch ended = new CountDownLatch(1);

  OverlayView(
      Posix posix,
      ViewSpec spec,
      MountTable.Line mount,
      Forest forest,
      Forest.Stack stack,
      OverlayScratch scratch,
      UpperReader tree,
      TreeReader reader,
      Executor remover) {
    this.posix = posix;
    this.spec = spec;
    this.mount = mount;
    this.forest = forest;
    this.stack = stack;
    this.scratch = scratch;
    this.tree = tree;
    this.reader = reader;
    this.remover = remover;
    this.requestsBefore = forest.requests();
    forest.record(failures);
  }

  @Override
  public Path path() {
    return spec.path();
  }

  @Override
  public String mechanism() {
    return "overlay of " + stack.directories().size() + " forest directories";
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
    try {
      return digest != null && digest.equals(reader.resolve(spec.root(), failure.path()).digest());
    } catch (IOException e) {
      return true; // the way there cannot be read either
    }
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
    counters.values().removeIf(count -> count == 0);
    return counters;
  }

  /** The kernel tells nobody that an overlay was unmounted, so the table of mounts is looked at. */
  @Override
  public void awaitEnd() throws InterruptedException {
    try {
      while (!ended.await(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS)) {
        if (!MountTable.read().has(mount.id())) {
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
    int result = unmount();
    ended.countDown();
    forest.stopRecording(failures);
    remover.execute(
        () -> {
          try {
            scratch.remove();
          } catch (IOException e) {
            log().warn("A scratch is left behind", e);
          }
        });
    stack.close();
    if (result < 0) {
      throw new PosixException("unmounting " + spec.path(), -result);
    }
  }

  private int unmount() throws IOException {
    MountTable.Line seen = MountTable.read().at(mount.path());
    if (seen == null || seen.id() != mount.id()) {
      return 0; // somebody was faster
    }
    return posix.umount2(mount.path(), Posix.MNT_DETACH | Posix.UMOUNT_NOFOLLOW);
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(OverlayView.class);
  }
}
