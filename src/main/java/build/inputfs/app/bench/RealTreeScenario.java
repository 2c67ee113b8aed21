package build.inputfs.app.bench;

import build.inputfs.cache.link.CacheLimits;
import build.inputfs.cache.link.DirectoryCache;
import build.inputfs.cache.link.Materializer;
import build.inputfs.cache.link.Mechanism;
import build.inputfs.cache.link.TreeCounts;
import build.inputfs.cache.link.TreeListener;
import build.inputfs.cache.link.TreeOptions;
import build.inputfs.cache.link.TreeRemover;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * Makes and removes real trees, wholly: what a view's caller does not wait for is measured too. It
 * is done in this process, which can use such trees, since it serves nothing. Before each measured
 * step the disk has written what was there to write.
 */
final class RealTreeScenario implements Scenario {
  private static final int THREADS = Runtime.getRuntime().availableProcessors();
  private static final int CHANGES = 7;
  private static final int KNOWN_VIEWS = 7;

  /** Between two views of a known tree, as actions of a build come. */
  private static final long PAUSE_MILLIS = 300;

  private final WorkSet workSet;
  private final LocalStore store;
  private final Posix posix;
  private final Path folder;
  private final int files;
  private final int cachedFiles;
  private final Row make = row("trees-make", "make");
  private final Row remove = row("trees-remove", "remove, all of it");
  private final Row known = row("trees-snapshot", "make a view of the known tree");
  private final Row cached;
  private final Row rebuilt = row("trees-changed", "the same, one file changed");
  private final List<InputTree> changed = new ArrayList<>();
  private @Nullable InputTree tree;
  private @Nullable InputTree cachedTree;
  private boolean clones;
  private boolean snapshots;

  /**
   * @param folder on the store's disk, for what is made
   * @param files the number of files of the tree that is made and removed
   * @param cachedFiles the number of files of the tree that is cached
   */
  RealTreeScenario(
      WorkSet workSet, LocalStore store, Posix posix, Path folder, int files, int cachedFiles) {
    this.workSet = workSet;
    this.store = store;
    this.posix = posix;
    this.folder = folder.resolve("real-trees");
    this.files = files;
    this.cachedFiles = cachedFiles;
    this.cached =
        row("trees-cached", "put a tree of %,d files in the cache".formatted(cachedFiles));
  }

  private static Row row(String id, String title) {
    return new Row(id, title, Unit.MILLISECONDS);
  }

  @Override
  public String title() {
    return "make and remove real trees of %,d files%s%s"
        .formatted(
            files,
            clones ? "" : " (none by clone: this disk shares no extents)",
            snapshots ? "" : " (no snapshots: this disk is not btrfs)");
  }

  @Override
  public List<Row> rows() {
    return List.of(make, remove, known, cached, rebuilt);
  }

  @Override
  public void prepare(int round) throws IOException {
    Files.createDirectories(folder);
    tree = workSet.files(files);
    InputTree base = workSet.files(cachedFiles);
    cachedTree = base;
    if (round < 0) {
      try (Trees trees = new Trees()) {
        clones = trees.make(workSet.files(10), Mechanism.CLONE, "trial").clones() > 0;
        trees.remover.remove(folder.resolve("trial"));
      }
      snapshots = clones && Files.getFileStore(folder).type().equals("btrfs");
    }
    List<Path> paths = regularFiles(base.directory());
    changed.clear();
    for (int i = 0; i < CHANGES; i++) {
      // Others in each round; some have many neighbours, some few.
      Path path = paths.get((int) ((long) paths.size() * (2 * i + 1) / (2 * CHANGES)));
      String name = base.directory().relativize(path).toString();
      changed.add(workSet.changed(base, Map.of(name, "changed, round %d\n".formatted(round))));
    }
  }

  private static List<Path> regularFiles(Path directory) throws IOException {
    try (var paths = Files.walk(directory)) {
      return paths
          .filter(path -> Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS))
          .sorted()
          .toList();
    }
  }

  @Override
  public void run(Turn turn) throws IOException {
    String name = turn.contender().name();
    if (name.equals(FarmContender.NAME)) {
      farm(turn);
    }
    for (Mechanism mechanism : Mechanism.values()) {
      if (name.equals(mechanism.label()) && (mechanism != Mechanism.CLONE || clones)) {
        realTree(turn, mechanism);
      }
    }
    if (name.equals(Mechanism.LINK.label())) {
      cache(turn);
    }
    if (name.equals(Mechanism.CLONE.label()) && snapshots) {
      knownTree(turn);
    }
  }

  private void farm(Turn turn) throws IOException {
    flush(turn);
    Contender.Site site = turn.contender().make(Objects.requireNonNull(tree));
    turn.time(make, site.makeNanos());
    flush(turn);
    turn.time(remove, site.remove());
  }

  private void realTree(Turn turn, Mechanism mechanism) throws IOException {
    try (Trees trees = new Trees()) {
      flush(turn);
      long start = System.nanoTime();
      var _ = trees.make(Objects.requireNonNull(tree), mechanism, "tree");
      turn.figure(make, make.unit().of(System.nanoTime() - start));
      flush(turn);
      start = System.nanoTime();
      trees.remover.remove(folder.resolve("tree"));
      turn.figure(remove, remove.unit().of(System.nanoTime() - start));
    }
  }

  private void cache(Turn turn) throws IOException {
    Path place = folder.resolve("cache");
    try (Trees trees = new Trees()) {
      try (DirectoryCache cache = trees.cache(place)) {
        flush(turn);
        turn.figure(cached, pinMillis(cache, Objects.requireNonNull(cachedTree).root()));
        DoubleStream.Builder times = DoubleStream.builder();
        for (InputTree next : changed) {
          flush(turn);
          times.add(pinMillis(cache, next.root()));
        }
        turn.figure(rebuilt, Summary.median(times.build().toArray()));
      }
      trees.remover.remove(place);
    }
  }

  private static double pinMillis(DirectoryCache cache, Digest root) throws IOException {
    long start = System.nanoTime();
    cache.pin(root).close();
    return Unit.MILLISECONDS.of(System.nanoTime() - start);
  }

  private void knownTree(Turn turn) throws IOException {
    InputTree wanted = Objects.requireNonNull(tree);
    var _ = turn.contender().make(wanted).remove();
    DoubleStream.Builder times = DoubleStream.builder();
    for (int i = 0; i < KNOWN_VIEWS; i++) {
      pause();
      Contender.Site site = turn.contender().make(wanted);
      site.makeNanos().ifPresent(nanos -> times.add(known.unit().of(nanos)));
      var _ = site.remove();
    }
    turn.figure(known, Summary.median(times.build().toArray()));
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void flush(Turn turn) throws IOException {
    var _ = turn.probe().run(folder, List.of("sync"));
  }

  /** What makes and removes trees. It knows none. */
  private final class Trees implements AutoCloseable {
    final TreeReader reader = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
    final TreeRemover remover = new TreeRemover(posix, THREADS);
    final Materializer materializer =
        new Materializer(posix, store, reader, remover, THREADS, Materializer.DISK_LINK_LIMIT);

    TreeCounts make(InputTree made, Mechanism mechanism, String name) throws IOException {
      return materializer.materialize(
          made.root(), folder.resolve(name), options(mechanism), TreeListener.NONE);
    }

    DirectoryCache cache(Path place) throws IOException {
      TreeOptions options = options(Mechanism.LINK);
      return DirectoryCache.open(
          posix, reader, materializer, remover, place, options, CacheLimits.DEFAULT);
    }

    private TreeOptions options(Mechanism mechanism) {
      return new TreeOptions(mechanism, posix.geteuid(), posix.getegid());
    }

    @Override
    public void close() {
      materializer.close();
      remover.close();
    }
  }
}
