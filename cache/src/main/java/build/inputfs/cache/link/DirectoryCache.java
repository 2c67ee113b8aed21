package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.SingleFlight;
import build.inputfs.cas.tree.TreeReader;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Real trees that stay on the disk for whoever wants them next. A tree is kept in parts, as {@link
 * TreePlans} cuts it, and each part once, whatever trees it is part of. So a tree that differs from
 * a known one in a single file costs the part that has this file, and nothing above it.
 *
 * <p>Thread-safe. A hit takes no lock: it finds the tree in a map and counts up its pins, which
 * fails only for a tree that is gone for ever. It looks at the tree's directories, and a part that
 * was damaged is dropped and built again, once. Each part is built by one caller at a time, and the
 * others wait for it; a failure is told to all of them, and the next caller tries again.
 *
 * <p>Which part is to go is Caffeine's decision, by bytes and by number of entries. One that is
 * pinned then stays, so that the limits may be passed for a while, and is offered to Caffeine again
 * with its last pin. A part goes by a rename within the map's critical section, and is deleted
 * later.
 *
 * <p>What may happen and is harmless: a caller that waited for a build finds the tree evicted
 * already, and builds it again.
 */
public final class DirectoryCache implements Metered, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DirectoryCache.class);

  private final Posix posix;
  private final TreeReader reader;
  private final TreePlans plans;
  private final Materializer materializer;
  private final TreeOptions options;
  private final Path folder;
  private final Marks marks;
  private final Seals seals;
  private final Workspace workspace;
  private final int lock;

  private final ConcurrentMap<Digest, CachedTree> trees = new ConcurrentHashMap<>();
  private final SingleFlight<Digest, CachedTree> building = new SingleFlight<>();
  private final Cache<Digest, CachedTree> policy;
  private final Queue<CachedTree> evicted = new ConcurrentLinkedQueue<>();
  private final LongAdder hits = new LongAdder();
  private final LongAdder builds = new LongAdder();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder damages = new LongAdder();

  /**
   * Opens the cache in {@code folder}, which is made if need be. Trees that are complete are found
   * again; what a killed process has left is removed.
   *
   * @param folder on the disk that is to hold the trees: the store's, for links
   * @param options how all trees of this cache are made
   * @throws CacheInUseException when another process has it open
   */
  public static DirectoryCache open(
      Posix posix,
      TreeReader reader,
      Materializer materializer,
      TreeRemover remover,
      Path folder,
      TreeOptions options,
      CacheLimits limits)
      throws IOException {
    Files.createDirectories(folder.resolve("trees"));
    Files.createDirectories(folder.resolve("marks"));
    Path place = folder.toRealPath();
    int flags = Posix.O_RDONLY | Posix.O_DIRECTORY;
    int lock = Posix.check(posix.open(place, flags, 0), "open " + place);
    try {
      int result = posix.flock(lock, Posix.LOCK_EX | Posix.LOCK_NB);
      if (result == -Errnos.EAGAIN) {
        throw new CacheInUseException(place);
      }
      Posix.check(result, "lock " + place);
      return load(posix, reader, materializer, remover, place, options, limits, lock);
    } catch (IOException | RuntimeException e) {
      posix.close(lock);
      throw e;
    }
  }

  private static DirectoryCache load(
      Posix posix,
      TreeReader reader,
      Materializer materializer,
      TreeRemover remover,
      Path place,
      TreeOptions options,
      CacheLimits limits,
      int lock)
      throws IOException {
    Workspace workspace = Workspace.open(posix, remover, TreeCloner.of(posix), place);
    try {
      DirectoryCache cache =
          new DirectoryCache(posix, reader, materializer, options, limits, place, workspace, lock);
      cache.load();
      return cache;
    } catch (IOException | RuntimeException e) {
      workspace.close();
      throw e;
    }
  }

  private DirectoryCache(
      Posix posix,
      TreeReader reader,
      Materializer materializer,
      TreeOptions options,
      CacheLimits limits,
      Path folder,
      Workspace workspace,
      int lock) {
    this.posix = posix;
    this.reader = reader;
    this.plans = new TreePlans(reader, limits.subtreeEntries());
    this.materializer = materializer;
    this.options = options;
    this.folder = folder;
    this.marks = new Marks(folder.resolve("marks"));
    this.seals = new Seals(posix, reader);
    this.workspace = workspace;
    this.lock = lock;
    this.policy =
        Caffeine.newBuilder()
            .maximumWeight(CacheLimits.WHOLE)
            .weigher((Digest key, CachedTree tree) -> limits.weight(tree.bytes, tree.entries))
            .evictionListener((key, tree, cause) -> note(tree))
            .executor(Runnable::run)
            .build();
  }

  /** How this cache makes its trees. */
  public TreeOptions options() {
    return options;
  }

  /**
   * The tree of {@code root}, built if need be.
   *
   * @return keeps the tree until the caller closes it
   * @throws TreeFailureException when the store lacks something of the tree
   * @throws IOException when the disk refuses, or this thread is interrupted
   */
  public Pin pin(Digest root) throws IOException {
    Part whole = plans.of(root);
    Map<Digest, CachedTree> pinned = new HashMap<>();
    try {
      pin(whole, pinned, new HashSet<>());
    } catch (IOException | RuntimeException | Error e) {
      pinned.values().forEach(this::release);
      throw e;
    }
    return new Pin(whole, pinned, this::release);
  }

  /** Pins a part and those below it. Equal parts may have different ones at their joints. */
  private void pin(Part part, Map<Digest, CachedTree> pinned, Set<Digest> visited)
      throws IOException {
    if (visited.add(part.source())) {
      if (!pinned.containsKey(part.key())) {
        pinned.put(part.key(), pinned(part));
      }
      for (Part.Joint joint : part.joints()) {
        pin(joint.part(), pinned, visited);
      }
    }
  }

  /** The tree of this part, pinned once for the caller. */
  private CachedTree pinned(Part part) throws IOException {
    boolean repaired = false;
    while (true) {
      CachedTree known = trees.get(part.key());
      if (known != null && known.tryPin()) {
        if (isSoundOrRelease(known, part)) {
          hits.increment();
          touch(known);
          if (!evicted.isEmpty()) {
            settle();
          }
          return known;
        }
        damages.increment();
        log.warn("the cached tree {} was damaged, and is built again", known.path);
        drop(known);
        release(known);
        if (repaired) {
          throw new IOException("the cached tree " + known.path + " is damaged again and again");
        }
        repaired = true;
      }
      CachedTree[] own = new CachedTree[1];
      CachedTree built =
          building.run(
              part.key(),
              () -> {
                CachedTree tree = trees.get(part.key());
                if (tree == null) {
                  tree = build(part);
                  own[0] = tree;
                }
                return tree;
              });
      if (own[0] != null) {
        settle();
        return own[0]; // with the pin that it was made with
      }
      if (built.tryPin()) {
        return built;
      }
    }
  }

  /** Builds and publishes a tree, which is pinned once. */
  private CachedTree build(Part part) throws IOException {
    Path made = workspace.newPath();
    Set<String> joints = part.jointNames();
    try {
      materializer.materialize(
          part.source(),
          made,
          options,
          TreeListener.NONE,
          (subtree, path) -> joints.contains(path));
      Path path = folder.resolve("trees").resolve(Marks.name(part.key()));
      move(made, path);
      long seal = seals.of(part.source(), path, joints);
      CachedTree tree =
          new CachedTree(
              part.key(), part.source(), path, part.bytes(), part.entries(), seal, joints);
      marks.write(tree);
      var _ = tree.tryPin();
      trees.put(tree.key, tree);
      policy.put(tree.key, tree);
      builds.increment();
      return tree;
    } catch (IOException | RuntimeException | Error e) {
      workspace.delete(made);
      throw e;
    }
  }

  private void move(Path made, Path path) throws IOException {
    String to = path.toString();
    int flags = Posix.RENAME_NOREPLACE;
    int result = posix.renameat2(Posix.AT_FDCWD, made.toString(), Posix.AT_FDCWD, to, flags);
    if (result == -Errnos.EEXIST) {
      // Of a build that failed after this step.
      workspace.bury(path);
      result = posix.renameat2(Posix.AT_FDCWD, made.toString(), Posix.AT_FDCWD, to, flags);
    }
    Posix.check(result, "rename " + made + " to " + path);
  }

  private boolean isSoundOrRelease(CachedTree tree, Part part) throws IOException {
    try {
      return isSound(tree, part.source());
    } catch (IOException | RuntimeException | Error e) {
      release(tree);
      throw e;
    }
  }

  /**
   * Whether a tree is as it was made.
   *
   * @param source a directory that has the tree's part
   * @throws IOException when that cannot be told
   */
  private boolean isSound(CachedTree tree, Digest source) throws IOException {
    try {
      return seals.of(source, tree.path, tree.joints) == tree.seal;
    } catch (PosixException e) {
      if (e.errno() == Errnos.ENOENT || e.errno() == Errnos.ENOTDIR) {
        return false;
      }
      throw e;
    }
  }

  /** Tells the policy that a tree is in use. */
  private void touch(CachedTree tree) {
    if (policy.getIfPresent(tree.key) == null) {
      tree.doomed = false;
      policy.put(tree.key, tree);
    }
  }

  /** Takes a pin back. */
  private void release(CachedTree tree) {
    if (tree.unpin()) {
      if (tree.dropped) {
        var _ = tree.retire();
      } else if (tree.doomed) {
        offerAgain(tree);
      }
      settle();
    }
  }

  /** Has the policy decide anew about what it wanted to go while it was in use. */
  private void offerAgain(CachedTree tree) {
    tree.doomed = false;
    CachedTree known = trees.get(tree.key);
    if (tree.equals(known)) {
      policy.put(tree.key, tree);
    }
  }

  /** Called by Caffeine, in its own critical section, for each tree that it wants to go. */
  private void note(@Nullable CachedTree tree) {
    if (tree != null) {
      evicted.add(tree);
    }
  }

  /** Lets go what the policy wants to go. */
  private void settle() {
    policy.cleanUp();
    for (CachedTree tree = evicted.poll(); tree != null; tree = evicted.poll()) {
      if (!evict(tree)) {
        tree.doomed = true;
        // Once more, for a last pin that was taken back before it could see this.
        var _ = evict(tree);
      }
    }
  }

  /** Evicts a tree unless it is pinned, and returns whether it is gone. */
  private boolean evict(CachedTree tree) {
    trees.computeIfPresent(
        tree.key,
        (key, known) -> {
          if (!known.equals(tree) || !tree.retire()) {
            return known;
          }
          bury(tree);
          evictions.increment();
          return null;
        });
    return !tree.equals(trees.get(tree.key));
  }

  /** Takes a damaged tree out of the way, pinned or not. */
  private void drop(CachedTree tree) {
    trees.computeIfPresent(
        tree.key,
        (key, known) -> {
          if (!known.equals(tree)) {
            return known;
          }
          bury(tree);
          tree.dropped = true;
          return null;
        });
    if (tree.dropped) {
      policy.invalidate(tree.key);
      var _ = tree.retire();
    }
  }

  private void bury(CachedTree tree) {
    try {
      marks.delete(tree.key);
      if (Files.exists(tree.path, LinkOption.NOFOLLOW_LINKS)) {
        workspace.bury(tree.path);
      }
    } catch (IOException e) {
      log.warn("cannot remove the cached tree {}: {}", tree.path, e.getMessage());
    }
  }

  /** Finds the trees that are complete, and sweeps the rest. */
  private void load() throws IOException {
    Path place = folder.resolve("trees");
    Set<String> names = new HashSet<>();
    for (CachedTree tree : marks.readAll(place)) {
      if (Files.isDirectory(tree.path, LinkOption.NOFOLLOW_LINKS)) {
        trees.put(tree.key, tree);
        names.add(Marks.name(tree.key));
      }
    }
    sweep(place, names);
    sweep(marks.folder(), names);
    List.copyOf(trees.values()).forEach(tree -> policy.put(tree.key, tree));
    settle();
  }

  private void sweep(Path place, Set<String> kept) throws IOException {
    try (var files = Files.newDirectoryStream(place)) {
      for (Path file : files) {
        if (!kept.contains(String.valueOf(file.getFileName()))) {
          workspace.bury(file);
        }
      }
    }
  }

  /** What the cache holds now, and what it has done since it was opened. */
  public CacheStats stats() {
    long bytes = 0;
    long entries = 0;
    int pinned = 0;
    for (CachedTree tree : trees.values()) {
      bytes += tree.bytes;
      entries += tree.entries;
      pinned += tree.isPinned() ? 1 : 0;
    }
    return new CacheStats(
        trees.size(),
        pinned,
        bytes,
        entries,
        hits.sum(),
        builds.sum(),
        evictions.sum(),
        damages.sum());
  }

  @Override
  public void meter(Consumer<Reading> to) {
    CacheStats now = stats();
    Reading asked =
        Reading.counter("tree_cache_lookups", "Cached trees asked for, by what was there", 0);
    to.accept(asked.with("result", "hit").plus(now.hits()));
    to.accept(asked.with("result", "miss").plus(now.builds()));
    to.accept(asked.with("result", "damaged").plus(now.damages()));
    to.accept(
        Reading.counter("tree_cache_evictions", "Cached trees gone for room", now.evictions()));
    to.accept(Reading.gauge("tree_cache_trees", "Cached trees", now.trees()));
    to.accept(Reading.gauge("tree_cache_pinned_trees", "Cached trees in use", now.pinned()));
    to.accept(Reading.gauge("tree_cache_bytes", "Size of the cached trees' files", now.bytes()));
    to.accept(Reading.gauge("tree_cache_entries", "Files and more of cached trees", now.entries()));
  }

  /**
   * Looks at every file of every tree, and drops the trees that are not as they were made.
   *
   * @return the digests of the directories that those were made from
   * @throws IOException when that cannot be told, for want of a directory's blob say
   */
  public List<Digest> verify() throws IOException {
    List<Digest> damaged = new ArrayList<>();
    TreeCheck check = new TreeCheck(posix, reader);
    for (CachedTree tree : List.copyOf(trees.values())) {
      if (!isSound(tree, tree.source) || !check.isRight(tree.source, tree.path, tree.joints)) {
        damages.increment();
        drop(tree);
        damaged.add(tree.source);
      }
    }
    settle();
    return damaged;
  }

  /** Evicts every tree that is not in use. */
  public void clear() {
    for (CachedTree tree : List.copyOf(trees.values())) {
      if (evict(tree)) {
        policy.invalidate(tree.key);
      }
    }
    settle();
  }

  /** Waits for what is being deleted. Trees stay for the next who opens the cache. */
  @Override
  public void close() throws IOException {
    try {
      workspace.close();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } finally {
      posix.close(lock);
    }
  }
}
