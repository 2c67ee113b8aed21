package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.thread.Threads;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.vfs.FailureRecorder;
import build.inputfs.fuse.vfs.InputAttributes;
import build.inputfs.fuse.vfs.Mounted;
import build.inputfs.fuse.vfs.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One mount that holds the input trees of all views of one owner. What it shows never changes, so
 * the kernel keeps what it was told and asks for each thing once.
 *
 * <p>Thread-safe. Owns its mount and a thread that drops what no view has used for a while; both
 * end with {@link #close}. Nothing in this JVM may touch a path under the mount.
 */
public final class Forest implements Metered, AutoCloseable {
  /** Each layer of a view costs a request when the view is made. */
  private static final int MOST_LAYERS = 8;

  /** How many trees a new one is compared with. */
  private static final int MOST_BASES = 4;

  private final ForestFileSystem fileSystem;
  private final BlobSource source;
  private final Mounted mounted;
  private final Path mountPoint;
  private final List<FailureRecorder> recorders;
  private final String prefix = Integer.toHexString(ThreadLocalRandom.current().nextInt()) + "-";
  private final LayerTable table = new LayerTable(prefix);
  private final LayerPlanner planner;
  private final Duration keep;
  private final Map<Digest, Planted> planted = new ConcurrentHashMap<>();

  /** The trees that others are laid over, the one used last first. Guarded by itself. */
  private final Deque<Planted> bases = new ArrayDeque<>();

  private final LongAdder knownTrees = new LongAdder();
  private final LongAdder newTrees = new LongAdder();
  private final AtomicLong skeletons = new AtomicLong();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Thread gardener;

  private Forest(
      ForestFileSystem fileSystem,
      BlobSource source,
      Mounted mounted,
      Path mountPoint,
      List<FailureRecorder> recorders,
      TreeReader reader,
      Duration keep) {
    this.fileSystem = fileSystem;
    this.source = source;
    this.mounted = mounted;
    this.mountPoint = mountPoint;
    this.recorders = recorders;
    this.planner = new LayerPlanner(reader, table, MOST_LAYERS);
    this.keep = keep;
    this.gardener =
        Thread.ofPlatform().daemon().name("inputfs-forest-gardener").unstarted(this::tend);
  }

  /**
   * Mounts a forest.
   *
   * @param transport mounts it read-only, with names, attributes and listings cached without limit
   * @param mountPoint an existing, empty directory with a short path
   * @param uid who owns all that is in it
   * @param keep how long trees and layers stay that no view uses
   */
  public static Forest mount(
      Posix posix,
      Transport transport,
      BlobSource source,
      TreeReader reader,
      Path mountPoint,
      int uid,
      int gid,
      Duration keep)
      throws IOException {
    long[] now = new long[2];
    posix.fileTime(now);
    List<FailureRecorder> recorders = new CopyOnWriteArrayList<>();
    ForestFileSystem fileSystem =
        new ForestFileSystem(
            posix, source, reader, new InputAttributes(uid, gid, now), new Recorders(recorders));
    Mounted mounted = transport.mount(fileSystem, mountPoint, true);
    fileSystem.servedBy(mounted);
    Forest forest = new Forest(fileSystem, source, mounted, mountPoint, recorders, reader, keep);
    forest.gardener.start();
    return forest;
  }

  /** Tells all who want to know. */
  private record Recorders(List<FailureRecorder> all) implements FailureRecorder {
    @Override
    public void record(String operation, String path, @Nullable Digest digest, IOException cause) {
      all.forEach(each -> each.record(operation, path, digest, cause));
    }

    @Override
    public void waited(String path, Digest digest, long nanos) {
      all.forEach(each -> each.waited(path, digest, nanos));
    }
  }

  /** A tree that is shown: what it is made of, and how many views and other trees use it. */
  private static final class Planted implements LayerPlanner.Base {
    final Digest root;

    /** Its own directory: a skeleton, a difference, or the whole tree. */
    final long top;

    final String name;

    /** All layers, those of its base included. */
    final List<LayerTable.Layer> layers;

    /** The tree that is below, which this one uses; or null. */
    final @Nullable Planted base;

    private final LayerPlanner.Plan<Planted> plan;

    // Guarded by this.
    private int users;
    private long leftNanos = System.nanoTime();
    private boolean felled;

    Planted(Digest root, long top, String name, LayerPlanner.Plan<Planted> plan) {
      this.root = root;
      this.top = top;
      this.name = name;
      this.plan = plan;
      this.base = plan.base();
      List<LayerTable.Layer> all = new ArrayList<>(plan.layers());
      if (base != null) {
        all.addAll(base.layers);
      }
      this.layers = List.copyOf(all);
    }

    @Override
    public Digest root() {
      return root;
    }

    @Override
    public int layerCount() {
      return layers.size();
    }

    synchronized boolean enter() {
      users += felled ? 0 : 1;
      return !felled;
    }

    synchronized void leave() {
      users--;
      leftNanos = System.nanoTime();
    }

    synchronized boolean fell(long idleNanos) {
      felled |= users == 0 && System.nanoTime() - leftNanos >= idleNanos;
      return felled;
    }
  }

  /** The directories that together, the first above the next, are one tree. */
  public static final class Stack implements AutoCloseable {
    private final Planted planted;
    private final List<Path> directories;
    private final List<Lease> leases;
    private boolean closed;

    private Stack(Planted planted, List<Path> directories, List<Lease> leases) {
      this.planted = planted;
      this.directories = directories;
      this.leases = leases;
    }

    /** At least one; on the forest's mount. */
    public List<Path> directories() {
      return directories;
    }

    /** Ends the use. Does nothing the second time. */
    @Override
    public synchronized void close() {
      if (!closed) {
        closed = true;
        leases.forEach(Lease::close);
        planted.leave();
      }
    }
  }

  /**
   * The stack of a tree, to lay a view over. A tree that is known costs no I/O but for its leases:
   * on all that is shown, the tree itself left out, on which the caller has one.
   *
   * @return the stack, which stays shown until the caller closes it
   * @throws IOException when the tree's root cannot be read
   */
  public Stack stack(Digest root) throws IOException {
    while (true) {
      Planted known = planted.get(root);
      boolean isNew = known == null;
      if (known == null) {
        known = plant(root);
      }
      if (known.enter()) {
        (isNew ? newTrees : knownTrees).increment();
        try {
          return new Stack(known, directories(known), leases(known));
        } catch (IOException | RuntimeException e) {
          known.leave();
          throw e;
        }
      }
    }
  }

  /** Leases on the other trees that this one is laid over, as far as they are shown in it. */
  private List<Lease> leases(Planted tree) throws IOException {
    List<Lease> leases = new ArrayList<>();
    try {
      for (Planted base = tree.base; base != null; base = base.base) {
        leases.add(source.lease(base.root));
      }
      for (LayerTable.Layer layer : tree.layers) {
        leases.add(source.lease(layer.subtree));
      }
      return leases;
    } catch (IOException | RuntimeException e) {
      leases.forEach(Lease::close);
      throw e;
    }
  }

  private List<Path> directories(Planted tree) {
    List<Path> directories = new ArrayList<>(tree.layers.size() + 2);
    for (Planted each = tree; each != null; each = each.base) {
      directories.add(mountPoint.resolve(ForestFileSystem.topName(each.top)).resolve(each.name));
    }
    Path layers = mountPoint.resolve(ForestFileSystem.topName(ForestFileSystem.LAYERS));
    for (LayerTable.Layer layer : tree.layers) {
      directories.add(layers.resolve(layer.name));
    }
    return List.copyOf(directories);
  }

  private Planted plant(Digest root) throws IOException {
    List<Planted> candidates = enterBases();
    Planted base = null;
    try {
      LayerPlanner.Plan<Planted> plan = planner.plan(root, candidates);
      Planted made = show(root, plan);
      Planted first = planted.putIfAbsent(root, made);
      if (first != null) {
        discard(made); // another thread was faster
        return first;
      }
      base = plan.base();
      noteBase(base == null ? made : base);
      return made;
    } finally {
      for (Planted candidate : candidates) {
        if (candidate != base) {
          candidate.leave();
        }
      }
    }
  }

  /** The bases, each used until the caller leaves it. */
  private List<Planted> enterBases() {
    List<Planted> candidates = new ArrayList<>();
    synchronized (bases) {
      for (Planted base : List.copyOf(bases)) {
        if (base.enter()) {
          candidates.add(base);
        } else {
          bases.remove(base);
        }
      }
    }
    return candidates;
  }

  /** Notes that a base was useful, or is new. */
  private void noteBase(Planted base) {
    synchronized (bases) {
      bases.remove(base);
      bases.addFirst(base);
      if (bases.size() > MOST_BASES) {
        bases.removeLast();
      }
    }
  }

  private Planted show(Digest root, LayerPlanner.Plan<Planted> plan) {
    for (LayerTable.Layer layer : plan.layers()) {
      fileSystem.show(ForestFileSystem.LAYERS, layer.name, layer.listing());
    }
    ComposedListing top = plan.top();
    if (top == null) {
      return new Planted(root, ForestFileSystem.TREES, ForestFileSystem.treeName(root), plan);
    }
    String name = prefix + skeletons.getAndIncrement();
    fileSystem.show(ForestFileSystem.SKELETONS, name, top);
    return new Planted(root, ForestFileSystem.SKELETONS, name, plan);
  }

  /** Undoes {@link #show} for a tree that nobody got to see. */
  private void discard(Planted tree) {
    if (tree.top == ForestFileSystem.SKELETONS) {
      fileSystem.hide(tree.top, tree.name);
    }
    tree.plan.layers().forEach(table::release);
  }

  /** Ends the use of what a tree, which is not known any more, is made of. */
  private void fell(Planted tree) {
    hide(tree.top, tree.name);
    tree.plan.layers().forEach(table::release);
    Planted base = tree.base;
    if (base != null) {
      base.leave();
    }
  }

  private void hide(long top, String name) {
    fileSystem.hide(top, name);
    mounted.forgetName(top, name.getBytes(StandardCharsets.UTF_8));
  }

  private void tend() {
    try {
      while (!closing.await(Math.max(1, keep.toMillis() / 4), TimeUnit.MILLISECONDS)) {
        drop(keep.toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Drops what nobody has used for so long. */
  void drop(long nanos) {
    planted.forEach(
        (root, tree) -> {
          if (tree.fell(nanos) && planted.remove(root, tree)) {
            fell(tree);
          }
        });
    for (LayerTable.Layer layer : table.removeIdle(nanos)) {
      hide(ForestFileSystem.LAYERS, layer.name);
    }
  }

  /** How it is served, for people. */
  public String mechanism() {
    return mounted.mechanism();
  }

  /** Where it is mounted. */
  public Path mountPoint() {
    return mountPoint;
  }

  /** How many nodes the kernel knows. */
  public int nodeCount() {
    return fileSystem.nodeCount();
  }

  /** How many requests of each kind were served until now. */
  public Map<String, Long> requests() {
    return mounted.requests();
  }

  @Override
  public void meter(Consumer<Reading> to) {
    Reading request = Reading.counter("fuse_requests", "Requests of the kernel, by kind", 0);
    mounted
        .requests()
        .forEach(
            (kind, count) ->
                to.accept(request.with("mount", "forest").with("kind", kind).plus(count)));
    Reading asked =
        Reading.counter("forest_lookups", "Trees that views stand on, by what was known", 0);
    to.accept(asked.with("result", "hit").plus(knownTrees.sum()));
    to.accept(asked.with("result", "miss").plus(newTrees.sum()));
    to.accept(Reading.gauge("forest_trees", "Trees in forests", planted.size()));
    to.accept(Reading.gauge("forest_nodes", "Inodes of forests that the kernel has", nodeCount()));
    to.accept(
        Reading.counter(
            "forest_read_bytes", "Bytes of blobs read for the kernel", fileSystem.readBytes()));
  }

  /**
   * Tells {@code recorder} of all that the store cannot give, to whichever view; paths are within a
   * tree. Until {@link #stopRecording}.
   */
  public void record(FailureRecorder recorder) {
    recorders.add(recorder);
  }

  /** Undoes {@link #record}. */
  public void stopRecording(FailureRecorder recorder) {
    recorders.remove(recorder);
  }

  /** Unmounts. All stacks have been closed before. */
  @Override
  public void close() throws IOException {
    closing.countDown();
    Threads.join(gardener);
    mounted.close();
  }
}
