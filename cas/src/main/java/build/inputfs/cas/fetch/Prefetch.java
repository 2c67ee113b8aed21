package build.inputfs.cas.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeEntry;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The prefetching for one action, from when its view is made until it is closed, and the note of
 * what it has read, for the next one of its kind. Thread-safe.
 *
 * <p>What is read is known by the blobs that are asked for meanwhile, whoever asks: views that
 * share a tree share the kernel's pages too, so nobody knows better. What the kernel still has from
 * before is asked of nobody; so a path that was noted before stays noted, unless its blob has been
 * prefetched for this very action and was not asked for.
 */
public final class Prefetch implements Lease {
  /** After so many different blobs no more are noted. */
  private static final int MOST_BLOBS = 100_000;

  /** How many entries of a tree are looked at to find the paths of blobs. */
  private static final int MOST_ENTRIES = 1_000_000;

  /** So many paths are asked for at a time. */
  private static final int SHARE = 500;

  private final FetchingSource source;
  private final Fetcher fetcher;
  private final LocalStore store;
  private final TreeReader trees;
  private final TreeReader here;
  private final Profiles profiles;
  private final Digest root;
  private final List<String> command;
  private final long budget;
  private final Set<Digest> demanded = ConcurrentHashMap.newKeySet();
  private final Map<String, Digest> prefetched = new ConcurrentHashMap<>();
  private final CountDownLatch begun = new CountDownLatch(1);
  private final AtomicBoolean closed = new AtomicBoolean();

  /**
   * @param trees fetches directories
   * @param here knows the directories that have come
   */
  Prefetch(
      FetchingSource source,
      Fetcher fetcher,
      LocalStore store,
      TreeReader trees,
      TreeReader here,
      Profiles profiles,
      Digest root,
      List<String> command,
      long budget) {
    this.source = source;
    this.fetcher = fetcher;
    this.store = store;
    this.trees = trees;
    this.here = here;
    this.profiles = profiles;
    this.root = root;
    this.command = command;
    this.budget = budget;
  }

  /** A blob was asked for. */
  void demanded(Digest digest) {
    if (demanded.size() < MOST_BLOBS) {
      demanded.add(digest);
    }
  }

  /** Asks for what was noted, as far as it is not here. For a thread of its own. */
  void run() {
    try {
      Shapes shapes = Shapes.of(command, trees.directory(root));
      SortedSet<String> paths = profiles.load(shapes.exact());
      if (paths.isEmpty()) {
        paths = profiles.load(shapes.alike());
      }
      fetch(paths);
    } catch (IOException e) {
      // Who waits for what cannot be had is told.
    } finally {
      begun.countDown();
    }
  }

  private void fetch(SortedSet<String> paths) throws IOException {
    long left = budget;
    List<Digest> share = new ArrayList<>();
    for (String path : paths) {
      if (closed.get()) {
        return;
      }
      Digest digest = file(path);
      if (digest == null || digest.size() > left || store.contains(digest)) {
        continue;
      }
      left -= digest.size();
      prefetched.put(path, digest);
      share.add(digest);
      if (share.size() == SHARE) {
        fetcher.fetchAll(share, Urgency.LATER, fetch -> {});
        share.clear();
      }
    }
    fetcher.fetchAll(share, Urgency.LATER, fetch -> {});
  }

  /** The file at {@code path}, or null when there is none. */
  private @Nullable Digest file(String path) throws IOException {
    try {
      TreeEntry entry = trees.resolve(root, path);
      return entry.kind() == Kind.FILE ? entry.digest() : null;
    } catch (NoSuchFileException | NotDirectoryException e) {
      return null;
    }
  }

  /** Waits until all has been asked for that is to be. */
  void awaitBegun() throws InterruptedException {
    begun.await();
  }

  /** Ends the prefetching, and notes what was read. Does nothing the second time. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      source.stop(this);
      fetcher.finish(this::note);
    }
  }

  private void note() {
    try {
      begun.await();
      if (demanded.isEmpty() && prefetched.isEmpty()) {
        return; // nothing is known of it but what was known before
      }
      Shapes shapes = Shapes.of(command, here.directory(root));
      SortedSet<String> before = profiles.load(shapes.exact());
      SortedSet<String> read = new TreeSet<>();
      new Paths(before, read).walk(root, "", 1);
      if (!read.equals(before)) {
        profiles.save(shapes.exact(), read);
      }
      if (!read.equals(profiles.load(shapes.alike()))) {
        profiles.save(shapes.alike(), read);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      log().warn("What was read of the tree {} is not noted: {}", root, e.toString());
    }
  }

  /** Finds the paths that are to be noted. For one thread. */
  private final class Paths {
    private final Set<String> before;
    private final Set<String> found;
    private final Set<Digest> useless = new HashSet<>();
    private int entries;

    Paths(Set<String> before, Set<String> found) {
      this.before = before;
      this.found = found;
      useless.addAll(prefetched.values());
      useless.removeAll(demanded);
    }

    void walk(Digest digest, String above, int depth) throws IOException {
      InputDirectory directory;
      try {
        directory = here.directory(digest);
      } catch (MissingBlobException e) {
        return; // nobody has looked into it
      }
      for (int i = 0; i < directory.size() && entries < MOST_ENTRIES; i++) {
        entries++;
        if (directory.kind(i) == Kind.SYMLINK || depth > TreeReader.MAX_DEPTH) {
          continue;
        }
        String path = above + new String(directory.name(i), UTF_8);
        Digest child = directory.digest(i);
        if (directory.kind(i) == Kind.DIRECTORY) {
          walk(child, path + "/", depth + 1);
        } else if (demanded.contains(child)
            || (before.contains(path) && !useless.contains(child))) {
          found.add(path);
        }
      }
    }
  }

  private static Logger log() {
    return LoggerFactory.getLogger(Prefetch.class);
  }
}
