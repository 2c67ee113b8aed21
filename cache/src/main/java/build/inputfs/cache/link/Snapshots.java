package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.SingleFlight;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writable trees by snapshot, where trees are on btrfs: each tree is made once, as a subvolume that
 * nobody is shown, and every view gets a snapshot of it, a private copy in one call.
 *
 * <p>That call waits for the disk, for tens of milliseconds. So snapshots are made ahead of need:
 * one when a tree is used for the first time, more of a tree that is asked for again and again. One
 * thread makes them and lets trees go, so that it needs no lock. Thread-safe. What was taken is the
 * taker's; the rest goes when this is closed.
 */
final class Snapshots implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Snapshots.class);

  private static final long MAX_TREES = 64;
  private static final int MAX_SPARES = 8;

  private final Subvolumes subvolumes;
  private final Workspace workspace;
  private final SingleFlight<Key, Original> making = new SingleFlight<>();
  private final Cache<Key, Original> originals;
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("make snapshots").factory());

  private record Key(Digest root, TreeOptions options) {}

  /** A tree that snapshots are made of. Spares are added by the one thread alone. */
  private static final class Original {
    final Path path;
    final Queue<Path> spares = new ConcurrentLinkedQueue<>();
    final AtomicInteger uses = new AtomicInteger();
    volatile boolean gone;

    Original(Path path) {
      this.path = path;
    }
  }

  /** Makes a tree in an empty directory. */
  @FunctionalInterface
  interface Maker {
    void make(Path directory) throws IOException;
  }

  /**
   * A tree of the caller's own.
   *
   * @param path in the workspace, which also deletes it
   * @param ready whether it had been made ahead
   */
  record Taken(Path path, boolean ready) {}

  private Snapshots(Subvolumes subvolumes, Workspace workspace) {
    this.subvolumes = subvolumes;
    this.workspace = workspace;
    this.originals =
        Caffeine.newBuilder()
            .maximumSize(MAX_TREES)
            .evictionListener(
                (@Nullable Key key, @Nullable Original original, RemovalCause cause) ->
                    leave(original))
            .executor(Runnable::run)
            .build();
  }

  /** Opens it, or returns null where the workspace's disk has no snapshots. */
  static @Nullable Snapshots open(Posix posix, Workspace workspace) {
    Subvolumes subvolumes = new Subvolumes(posix);
    Path probe = workspace.newPath();
    if (subvolumes.create(probe) != 0) {
      return null;
    }
    workspace.delete(probe);
    return new Snapshots(subvolumes, workspace);
  }

  /**
   * A tree of this root, for the caller alone.
   *
   * @param maker makes the tree, when it is not known
   * @throws IOException when it cannot be made
   */
  Taken take(Digest root, TreeOptions options, Maker maker) throws IOException {
    Key key = new Key(root, options);
    while (true) {
      Original known = originals.getIfPresent(key);
      Original original = known != null ? known : making.run(key, () -> original(key, maker));
      Path spare = original.spares.poll();
      Path path = spare != null ? spare : snapshotNow(original);
      if (path != null) {
        int spares = Math.min(MAX_SPARES, original.uses.incrementAndGet());
        background.execute(() -> fill(original, spares));
        return new Taken(path, spare != null);
      }
    }
  }

  private Original original(Key key, Maker maker) throws IOException {
    Original known = originals.getIfPresent(key);
    if (known != null) {
      return known;
    }
    Path path = workspace.newPath();
    Posix.check(subvolumes.create(path), "make the subvolume " + path);
    try {
      maker.make(path);
    } catch (IOException | RuntimeException | Error e) {
      workspace.delete(path);
      throw e;
    }
    Original made = new Original(path);
    originals.put(key, made);
    return made;
  }

  /** Makes one while the caller waits; returns null when the tree has just been let go. */
  private @Nullable Path snapshotNow(Original original) throws IOException {
    Future<@Nullable Path> future = background.submit(() -> snapshot(original));
    try {
      return future.get();
    } catch (InterruptedException e) {
      background.execute(() -> deleteResult(future));
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while a snapshot was made");
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    }
  }

  private void deleteResult(Future<@Nullable Path> future) {
    if (future.state() == Future.State.SUCCESS) {
      Path path = future.resultNow();
      if (path != null) {
        workspace.delete(path);
      }
    }
  }

  /** On the one thread. */
  private @Nullable Path snapshot(Original original) throws PosixException {
    if (original.gone) {
      return null;
    }
    Path path = workspace.newPath();
    Posix.check(subvolumes.snapshot(original.path, path), "snapshot " + original.path);
    return path;
  }

  /** On the one thread. */
  private void fill(Original original, int spares) {
    try {
      while (original.spares.size() < spares) {
        Path path = snapshot(original);
        if (path == null) {
          return;
        }
        original.spares.add(path);
      }
    } catch (IOException e) {
      log.warn("no snapshots are made ahead of need: {}", e.getMessage());
    }
  }

  private void leave(@Nullable Original original) {
    if (original != null) {
      background.execute(
          () -> {
            original.gone = true;
            for (Path path = original.spares.poll(); path != null; path = original.spares.poll()) {
              workspace.delete(path);
            }
            workspace.delete(original.path);
          });
    }
  }

  @Override
  public void close() {
    List.copyOf(originals.asMap().values()).forEach(this::leave);
    background.close();
  }
}
