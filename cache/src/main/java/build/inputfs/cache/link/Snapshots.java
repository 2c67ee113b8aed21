package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.SingleFlight;
import build.inputfs.cas.tree.TreeSummary;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
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
 * Writable trees by snapshot, where the disk can clone directories (btrfs, APFS): each tree is made
 * once, in a directory that nobody is shown, and every view gets a clone of that, a private copy in
 * one call.
 *
 * <p>On btrfs that call waits for the disk, for tens of milliseconds. So snapshots are made ahead
 * of need: one when a tree is used for the first time, more of a tree that is asked for again and
 * again. One thread makes them and lets trees go, so that it needs no lock.
 *
 * <p>How many trees are kept is limited by what is in them, as in a {@link DirectoryCache}, and by
 * their number, since each has snapshots. A tree that is larger than the limit by itself is kept
 * alone. Thread-safe. What was taken is the taker's; the rest goes when this is closed.
 */
final class Snapshots implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Snapshots.class);

  private static final int MAX_TREES = 64;
  private static final int MAX_SPARES = 8;
  private static final int MAX_TRIES = 3;

  private final Workspace workspace;
  private final CacheLimits limits;
  private final SingleFlight<Key, Original> making = new SingleFlight<>();

  /** The trees, by when they were last used. Guarded by itself, as is {@link #weight}. */
  private final LinkedHashMap<Key, Original> originals = new LinkedHashMap<>(16, 0.75f, true);

  private long weight;
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("make snapshots").factory());

  private record Key(Digest root, TreeOptions options) {}

  /** A tree that snapshots are made of. Spares are added by the one thread alone. */
  private static final class Original {
    final Path path;
    final long weight;
    final Queue<Path> spares = new ConcurrentLinkedQueue<>();
    final AtomicInteger uses = new AtomicInteger();
    volatile boolean gone;

    Original(Path path, long weight) {
      this.path = path;
      this.weight = weight;
    }
  }

  /** Makes a tree in an empty directory, and says what is in it. */
  @FunctionalInterface
  interface Maker {
    TreeSummary make(Path directory) throws IOException;
  }

  /**
   * A tree of the caller's own.
   *
   * @param path in the workspace, which also deletes it
   * @param ready whether it had been made ahead
   */
  record Taken(Path path, boolean ready) {}

  private Snapshots(Workspace workspace, CacheLimits limits) {
    this.workspace = workspace;
    this.limits = limits;
  }

  /** Opens it, or returns null where the workspace's disk has no snapshots. */
  static @Nullable Snapshots open(Workspace workspace, CacheLimits limits) {
    Path probe = workspace.newPath();
    if (workspace.cloner().probe(probe) != 0) {
      return null;
    }
    workspace.delete(probe);
    return new Snapshots(workspace, limits);
  }

  /**
   * A tree of this root, for the caller alone.
   *
   * @param maker makes the tree, when it is not known
   * @throws PosixException when the disk refuses
   * @throws IOException when it cannot be made for another reason
   */
  Taken take(Digest root, TreeOptions options, Maker maker) throws IOException {
    Key key = new Key(root, options);
    while (true) {
      Original known = known(key);
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
    Original known = known(key);
    if (known != null) {
      return known;
    }
    Path path = workspace.newPath();
    Posix.check(workspace.cloner().create(path), "make a directory to clone, " + path);
    try {
      Original made = new Original(path, weight(maker.make(path)));
      keep(key, made);
      return made;
    } catch (IOException | RuntimeException | Error e) {
      workspace.delete(path);
      throw e;
    }
  }

  private long weight(TreeSummary tree) {
    return Math.max(limits.weight(tree.bytes(), tree.entries()), CacheLimits.WHOLE / MAX_TREES);
  }

  private @Nullable Original known(Key key) {
    synchronized (originals) {
      return originals.get(key);
    }
  }

  /** Keeps a tree, and lets those go that have not been used for the longest time. */
  private void keep(Key key, Original made) {
    List<Original> old = new ArrayList<>();
    synchronized (originals) {
      originals.put(key, made);
      weight += made.weight;
      Iterator<Original> eldest = originals.values().iterator();
      while (weight > CacheLimits.WHOLE && originals.size() > 1) {
        Original next = eldest.next();
        weight -= next.weight;
        eldest.remove();
        old.add(next);
      }
    }
    old.forEach(this::leave);
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
      throw e.getCause() instanceof PosixException refused
          ? refused
          : new IOException(e.getCause());
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
    for (int tried = 1; ; tried++) {
      Path path = workspace.newPath();
      int result = workspace.cloner().snapshot(original.path, path);
      if (result >= 0) {
        return path;
      }
      // What somebody put there is not ours; else a part of it may have been made.
      if (result != -Errnos.EEXIST) {
        workspace.delete(path);
      }
      if (result != -Errnos.EEXIST || tried == MAX_TRIES) {
        throw new PosixException("snapshot " + original.path, -result);
      }
    }
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

  private void leave(Original original) {
    background.execute(
        () -> {
          original.gone = true;
          for (Path path = original.spares.poll(); path != null; path = original.spares.poll()) {
            workspace.delete(path);
          }
          workspace.delete(original.path);
        });
  }

  @Override
  public void close() {
    synchronized (originals) {
      originals.values().forEach(this::leave);
    }
    background.close();
  }
}
