package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreFiles;
import build.inputfs.cas.thread.Threads;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A store that is kept within a limit by a thread of its own: blobs that were used least, with
 * their executable variants, and results of actions are taken away when all together have too many
 * bytes. What is in use stays: the trees on which any process has a lease, and what is being put.
 *
 * <p>It is ready at once. What is there is counted in the background; until that has ended nothing
 * is taken away. The order of last use is at first that of the times of last access that the disk
 * knows, and where it keeps none that in which files are found.
 *
 * <p>One process at a time keeps a store within a limit; others use it as any store. What they put
 * is noticed by a new count now and then. Thread-safe.
 */
public final class LimitedStore implements Metered, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(LimitedStore.class);
  private static final Duration RECOUNT = Duration.ofMinutes(15);

  /** How often it is looked whether other processes still use what would have gone. */
  private static final Duration LOOK_AGAIN = Duration.ofSeconds(2);

  /** How long the thread rests at least after each time that it took something away. */
  private static final long PAUSE_MILLIS = 250;

  private final Posix posix;
  private final StoreFiles files;
  private final DigestFunction function;
  private final int role;
  private final Semaphore work = new Semaphore(0);
  private final LimitKeeper keeper;
  private final LocalStore store;
  private final TreeReader trees;
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable IOException problem;

  private LimitedStore(Posix posix, StoreFiles files, DigestFunction function, long limit, int role)
      throws IOException {
    this.posix = posix;
    this.files = files;
    this.function = function;
    this.role = role;
    this.keeper = new LimitKeeper(files, posix, limit, this::directory, work::release);
    this.store = LocalStore.open(files, function, keeper, posix);
    this.trees = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
    this.thread = Thread.ofPlatform().daemon().name("limit the store").unstarted(this::run);
  }

  /**
   * Opens the store in {@code root}, which is made if need be.
   *
   * @param limit how many bytes all blobs, executable variants and results may have together
   * @throws StoreInUseException when another process keeps it within a limit
   */
  public static LimitedStore open(Path root, DigestFunction function, long limit, Posix posix)
      throws IOException {
    StoreFiles files = StoreFiles.in(root, posix);
    Files.createDirectories(files.own());
    int role = takeRole(files, posix);
    try {
      LimitedStore store = new LimitedStore(posix, files, function, limit, role);
      store.thread.start();
      return store;
    } catch (IOException | RuntimeException e) {
      posix.close(role);
      throw e;
    }
  }

  /**
   * Takes away, at once, what was used least, until a store is within a limit or all that is left
   * is in use.
   *
   * @return how it stands then; {@code waiting} when another process keeps everything for now
   * @throws StoreInUseException when another process keeps the store within a limit
   */
  public static LimitStats shrink(Path root, DigestFunction function, long limit, Posix posix)
      throws IOException {
    StoreFiles files = StoreFiles.in(root, posix);
    Files.createDirectories(files.own());
    int role = takeRole(files, posix);
    LimitedStore store;
    try {
      store = new LimitedStore(posix, files, function, limit, role);
    } catch (IOException | RuntimeException e) {
      posix.close(role);
      throw e;
    }
    try (store) {
      store.count(false);
      var _ = store.settle();
      return store.stats();
    }
  }

  private static int takeRole(StoreFiles files, Posix posix) throws IOException {
    Path file = files.own().resolve("keeper");
    int flags = Posix.O_RDWR | Posix.O_CREAT | Posix.O_NOFOLLOW;
    int fd = Posix.check(posix.open(file, flags, 0644), "open " + file);
    try {
      int result = posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB);
      if (result == -Errnos.EAGAIN) {
        throw new StoreInUseException(
            "the store in %s is kept within a limit by another process, %s"
                .formatted(files.root(), Files.readString(file, StandardCharsets.US_ASCII)));
      }
      Posix.check(result, "lock " + file);
      Files.writeString(file, Long.toString(ProcessHandle.current().pid()));
      return fd;
    } catch (IOException | RuntimeException e) {
      posix.close(fd);
      throw e;
    }
  }

  /** The store. It ends with this object. */
  public LocalStore store() {
    return store;
  }

  /** Reads the store's trees, for all who use them: a tree that it knows can be kept whole. */
  public TreeReader trees() {
    return trees;
  }

  /** How the store stands to its limit, at this moment. */
  public LimitStats stats() {
    return keeper.stats();
  }

  /** What {@link #stats} says; the store and the trees count for themselves. */
  @Override
  public void meter(Consumer<Reading> to) {
    LimitStats now = stats();
    to.accept(Reading.gauge("store_limit_bytes", "Limit of the store", now.limit()));
    to.accept(Reading.gauge("store_bytes", "Size of the store", now.bytes()));
    to.accept(Reading.gauge("store_files", "Blobs and results in the store", now.files()));
    to.accept(
        Reading.gauge(
            "store_pinned_bytes", "What would have gone, were it not in use", now.keptBytes()));
    to.accept(Reading.gauge("store_leases", "Trees that are in use", now.leasedTrees()));
    to.accept(Reading.counter("store_evictions", "Files gone for room", now.evictions()));
    to.accept(Reading.counter("store_evicted_bytes", "Their size", now.evictedBytes()));
  }

  private InputDirectory directory(Digest digest) throws IOException {
    return trees.directory(digest);
  }

  private void run() {
    try {
      count(true);
      work.release();
      long counted = System.nanoTime();
      while (!closed) {
        Duration longest = keeper.stats().keptBytes() > 0 ? LOOK_AGAIN : RECOUNT;
        var _ = work.tryAcquire(longest.toMillis(), TimeUnit.MILLISECONDS);
        work.drainPermits();
        long start = System.nanoTime();
        if (System.nanoTime() - counted >= RECOUNT.toNanos()) {
          recount();
          counted = System.nanoTime();
        }
        if (!attempt()) {
          work.release();
        }
        long worked = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        Thread.sleep(Math.max(PAUSE_MILLIS, 4 * worked));
      }
    } catch (InterruptedException e) {
      // That is how it is told to end.
    } catch (IOException e) {
      log.error("The store in {} cannot be counted, so its limit is not kept", files.root(), e);
    }
  }

  private StoreScan scan(boolean paced) {
    return new StoreScan(posix, files, function.hashLength(), paced, () -> closed);
  }

  private synchronized void count(boolean paced) throws IOException {
    keeper.count(scan(paced));
  }

  private synchronized void recount() throws IOException {
    keeper.recount(scan(true));
  }

  private boolean attempt() {
    LimitStats before = keeper.stats();
    try {
      boolean done = settle();
      problem = null;
      tellOfEvictions(before, keeper.stats());
      return done;
    } catch (IOException e) {
      IOException known = problem;
      if (!closed
          && (known == null || !String.valueOf(known.getMessage()).equals(e.getMessage()))) {
        log.warn("Nothing can be taken away from the store in {}: {}", files.root(), e.toString());
      }
      problem = e;
      return false;
    }
  }

  private void tellOfEvictions(LimitStats before, LimitStats after) {
    long gone = after.evictions() - before.evictions();
    if (gone > 0) {
      log.atInfo()
          .addKeyValue("files", gone)
          .addKeyValue("bytes", after.evictedBytes() - before.evictedBytes())
          .addKeyValue("left", after.bytes())
          .addKeyValue("limit", after.limit())
          .log("blobs evicted");
    }
  }

  /**
   * Takes away now what has to go, unless the store is still being counted.
   *
   * @return whether it has gone; false when another process keeps everything for now
   * @throws IOException when it cannot be told what is in use, or the disk refuses
   */
  public synchronized boolean settle() throws IOException {
    return keeper.settle();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    thread.interrupt();
    Threads.join(thread);
    try {
      store.close();
    } finally {
      posix.close(role);
    }
  }
}
