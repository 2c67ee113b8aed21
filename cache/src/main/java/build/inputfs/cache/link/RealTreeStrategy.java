package build.inputfs.cache.link;

import build.inputfs.cache.view.Closing;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.SingleFlight;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The strategies {@code hardlink}, {@code clone} and {@code copy}: a view is a real tree of its
 * own. Who may mount gets a tree on the disk of the given folder and a bind mount of it at the
 * view's path; who may not gets the tree made at that path itself. Where the disk can clone
 * directories (btrfs, APFS) a cloned tree is a snapshot of one that is kept for that ({@link
 * Snapshots}). A view that is read-only is a tree of a {@link DirectoryCache}, which other views
 * show at the same time. Thread-safe.
 */
public final class RealTreeStrategy implements ViewStrategy {
  private static final Logger log = LoggerFactory.getLogger(RealTreeStrategy.class);

  private final Posix posix;
  private final Mechanism mechanism;
  private final BlobSource source;
  private final TreeReader reader;
  private final TreeRemover remover;
  private final Materializer materializer;
  private final Workspace workspace;

  /** Null where the disk has none, or files are not to be cloned. */
  private final @Nullable Snapshots snapshots;

  /** Whether the disk has refused to make a snapshot, though it can in general. */
  private volatile boolean cannotClone;

  private final CacheFolder caches;

  /** Whether the kernel has refused to mount: root may lack the right to. */
  private volatile boolean refused;

  /** Opened for the first view that is read-only; one for each owner of views. */
  private final ConcurrentMap<TreeOptions, DirectoryCache> opened = new ConcurrentHashMap<>();

  private final SingleFlight<TreeOptions, DirectoryCache> opening = new SingleFlight<>();

  /**
   * Opens a strategy. What processes that were killed have left in the folder is removed.
   *
   * @param mechanism tried first; it gives the strategy its name
   * @param source where the contents of inputs are
   * @param reader decodes directories, for all views together
   * @param folder an existing folder on the disk that is to hold trees: the store's, for links
   * @param caches where trees are kept that are shown read-only, on the same disk
   * @param threads how many threads make trees, and how many remove them
   */
  public static RealTreeStrategy open(
      Posix posix,
      Mechanism mechanism,
      BlobSource source,
      TreeReader reader,
      Path folder,
      CacheFolder caches,
      int threads)
      throws IOException {
    return open(posix, mechanism, source, reader, folder, caches, threads, TreeCloner.of(posix));
  }

  static RealTreeStrategy open(
      Posix posix,
      Mechanism mechanism,
      BlobSource source,
      TreeReader reader,
      Path folder,
      CacheFolder caches,
      int threads,
      TreeCloner cloner)
      throws IOException {
    TreeRemover remover = new TreeRemover(posix, threads);
    try {
      return new RealTreeStrategy(
          posix,
          mechanism,
          source,
          reader,
          remover,
          new Materializer(posix, source, reader, remover, threads, Materializer.DISK_LINK_LIMIT),
          Workspace.open(posix, remover, cloner, folder),
          caches);
    } catch (IOException | RuntimeException e) {
      remover.close();
      throw e;
    }
  }

  private RealTreeStrategy(
      Posix posix,
      Mechanism mechanism,
      BlobSource source,
      TreeReader reader,
      TreeRemover remover,
      Materializer materializer,
      Workspace workspace,
      CacheFolder caches) {
    this.posix = posix;
    this.mechanism = mechanism;
    this.source = source;
    this.reader = reader;
    this.caches = caches;
    this.remover = remover;
    this.materializer = materializer;
    this.workspace = workspace;
    this.snapshots =
        mechanism == Mechanism.CLONE ? Snapshots.open(workspace, CacheLimits.DEFAULT) : null;
  }

  @Override
  public String name() {
    return mechanism.label();
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    spec.scratch()
        .refuse(name(), "a real tree is a part of the disk that it is on; overlay and fuse can");
    View bound = null;
    if (posix.geteuid() == 0 && !refused && !workspace.cloner().movesTrees()) {
      boolean shareable = spec.readOnly() && spec.outputs().isEmpty();
      bound = shareable ? openShared(spec) : null;
      bound = bound == null ? openSnapshot(spec) : bound;
      bound = bound == null ? openBound(spec) : bound;
      refused = bound == null;
    }
    return bound != null ? bound : openInPlace(spec);
  }

  /** Binds a tree of the cache; returns null when another process has the cache. */
  private @Nullable View openShared(ViewSpec spec) throws IOException {
    DirectoryCache cache;
    try {
      cache = cache(new TreeOptions(mechanism, spec.uid(), spec.gid()));
    } catch (CacheInUseException e) {
      log.info("{}; making a tree of its own", e.getMessage());
      return null;
    }
    SharedPlace place = SharedPlace.show(posix, cache.pin(spec.root()), spec.path().toRealPath());
    return place == null
        ? null
        : new RealTreeView(
            spec.path(),
            mechanism.label() + ", cached, bound",
            place.counters(),
            tree(spec, spec.path().toRealPath()),
            place);
  }

  private DirectoryCache cache(TreeOptions options) throws IOException {
    DirectoryCache known = opened.get(options);
    return known != null ? known : opening.run(options, () -> openCache(options));
  }

  private DirectoryCache openCache(TreeOptions options) throws IOException {
    DirectoryCache cache = opened.get(options);
    if (cache == null) {
      cache = caches.open(posix, reader, materializer, remover, options, CacheLimits.DEFAULT);
      opened.put(options, cache);
    }
    return cache;
  }

  /** A snapshot of the tree, for this view; null where there can be none. */
  private Snapshots.@Nullable Taken snapshot(ViewSpec spec) throws IOException {
    if (snapshots == null || cannotClone) {
      return null;
    }
    TreeOptions options = new TreeOptions(mechanism, spec.uid(), spec.gid());
    Snapshots.Taken taken;
    try {
      taken =
          snapshots.take(
              spec.root(),
              options,
              tree -> {
                materializer.materialize(spec.root(), tree, options, TreeListener.NONE);
                return reader.summarize(spec.root());
              });
    } catch (PosixException e) {
      if (!refusesToClone(e.errno())) {
        throw e;
      }
      log.warn("from now on trees are made file by file: {}", e.getMessage());
      cannotClone = true;
      return null;
    }
    try {
      makeParents(spec, options, taken.path());
      return taken;
    } catch (IOException | RuntimeException e) {
      workspace.delete(taken.path());
      throw e;
    }
  }

  private static boolean refusesToClone(int errno) {
    return errno == Errnos.EXDEV
        || errno == Errnos.EEXIST
        || errno == Errnos.EOPNOTSUPP
        || errno == Errnos.ENOTSUP
        || errno == Errnos.ENOSYS;
  }

  /** Binds a snapshot of the tree; returns null when there is none, or no right to mount. */
  private @Nullable View openSnapshot(ViewSpec spec) throws IOException {
    Path path = spec.path().toRealPath();
    Snapshots.Taken taken = snapshot(spec);
    if (taken == null) {
      return null;
    }
    Bind bind = null;
    try {
      bind = Bind.make(posix, taken.path(), path);
      if (bind == null) {
        workspace.delete(taken.path());
        return null;
      }
      bind.restrict(spec.readOnly());
      return new RealTreeView(
          spec.path(),
          "snapshot, bound",
          counters(taken),
          tree(spec, taken.path()),
          new BoundPlace(bind, taken.path()));
    } catch (IOException | RuntimeException e) {
      closeAfter(e, bind);
      workspace.delete(taken.path());
      throw e;
    }
  }

  private static Map<String, Long> counters(Snapshots.Taken taken) {
    return Map.of(taken.ready() ? "snapshots made ahead" : "snapshots made", 1L);
  }

  /** Moves a snapshot to the view's path; returns null where the disk does not let it be moved. */
  private @Nullable View openMoved(ViewSpec spec, Path path) throws IOException {
    TreeMover mover = new TreeMover(posix);
    if (!workspace.cloner().movesTrees() || !mover.isEmpty(path)) {
      return null;
    }
    Snapshots.Taken taken = snapshot(spec);
    if (taken == null) {
      return null;
    }
    boolean moved = false;
    try {
      moved = mover.moveTree(taken.path(), path) == 0;
    } finally {
      workspace.delete(taken.path());
      if (!moved) {
        remover.empty(path);
      }
    }
    return moved
        ? new RealTreeView(
            spec.path(),
            "snapshot, in place",
            counters(taken),
            tree(spec, path),
            new OwnPlace(path))
        : null;
  }

  private static void closeAfter(Exception failure, @Nullable Bind bind) {
    try {
      if (bind != null) {
        bind.close();
      }
    } catch (IOException left) {
      failure.addSuppressed(left);
    }
  }

  /** Makes the tree elsewhere and binds it; returns null when this process may not mount. */
  private @Nullable View openBound(ViewSpec spec) throws IOException {
    Path path = spec.path().toRealPath();
    Path tree = workspace.newPath();
    int result = posix.mkdirat(Posix.AT_FDCWD, tree.toString(), Inodes.DIRECTORY_MODE);
    Posix.check(result, "mkdir " + tree);
    Bind bind = null;
    try {
      // First, as a mount can be refused, and a tree costs more.
      bind = Bind.make(posix, tree, path);
      if (bind == null) {
        workspace.delete(tree);
        return null;
      }
      TreeCounts counts = make(spec, tree);
      bind.restrict(spec.readOnly());
      return new RealTreeView(
          spec.path(),
          mechanism(counts) + ", bound",
          counts.byName(),
          tree(spec, tree),
          new BoundPlace(bind, tree));
    } catch (IOException | RuntimeException e) {
      closeAfter(e, bind);
      workspace.delete(tree);
      throw e;
    }
  }

  private View openInPlace(ViewSpec spec) throws IOException {
    if (spec.readOnly()) {
      throw new IOException(
          workspace.cloner().movesTrees()
              ? "the strategy %s has no read-only views on this system; fuse has".formatted(name())
              : "the strategy %s needs the right to mount for a read-only view".formatted(name()));
    }
    Path path = spec.path().toRealPath();
    View moved = openMoved(spec, path);
    if (moved != null) {
      return moved;
    }
    TreeCounts counts = make(spec, path);
    return new RealTreeView(
        spec.path(),
        mechanism(counts) + ", in place",
        counts.byName(),
        tree(spec, path),
        new OwnPlace(path));
  }

  private RealTree tree(ViewSpec spec, Path path) {
    return new RealTree(posix, source, reader, spec.root(), path);
  }

  private TreeCounts make(ViewSpec spec, Path tree) throws IOException {
    TreeOptions options = new TreeOptions(mechanism, spec.uid(), spec.gid());
    TreeCounts counts = materializer.materialize(spec.root(), tree, options, TreeListener.NONE);
    makeParents(spec, options, tree);
    return counts;
  }

  private void makeParents(ViewSpec spec, TreeOptions options, Path tree) throws IOException {
    OutputParents parents = new OutputParents(posix, options);
    for (String output : spec.outputs()) {
      parents.make(tree, output);
    }
  }

  /** What really ran, where that is not what was asked for. */
  private String mechanism(TreeCounts counts) {
    return counts.files() == counts.empty() ? mechanism.label() : counts.mechanism();
  }

  @Override
  public void meter(Consumer<Reading> to) {
    opened.values().forEach(cache -> cache.meter(to));
    materializer.meter(to);
  }

  @Override
  public void close() throws IOException {
    List<Closing.Step> steps = new ArrayList<>();
    opened.values().forEach(cache -> steps.add(cache::close));
    if (snapshots != null) {
      steps.add(snapshots::close);
    }
    steps.add(materializer::close);
    steps.add(workspace::close);
    steps.add(remover::close);
    Closing.all(steps);
  }

  /** A tree in the workspace, bound to the view's path. */
  private final class BoundPlace implements RealTreeView.Place {
    private final Bind bind;
    private final Path tree;

    BoundPlace(Bind bind, Path tree) {
      this.bind = bind;
      this.tree = tree;
    }

    @Override
    public boolean isShown() {
      return bind.isMounted();
    }

    @Override
    public void end() throws IOException {
      try {
        bind.close();
      } finally {
        workspace.delete(tree);
      }
    }
  }

  /** A tree at the view's path itself. */
  private final class OwnPlace implements RealTreeView.Place {
    private final Path path;

    OwnPlace(Path path) {
      this.path = path;
    }

    @Override
    public boolean isShown() {
      return true;
    }

    @Override
    public void end() throws IOException {
      // What can be moved goes at once; the rest is on another disk, or is deleted here and now.
      Path grave = workspace.newPath();
      int result = posix.mkdirat(Posix.AT_FDCWD, grave.toString(), Inodes.DIRECTORY_MODE);
      Posix.check(result, "mkdir " + grave);
      try {
        var _ = new TreeMover(posix).moveContents(path, grave);
      } finally {
        workspace.delete(grave);
      }
      remover.empty(path);
    }
  }
}
