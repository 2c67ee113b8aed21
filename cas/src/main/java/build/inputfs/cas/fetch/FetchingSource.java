package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.remote.RemoteBlobs;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The blobs of a remote, by way of a local store that keeps what was fetched.
 *
 * <p>A blob that the store lacks is fetched when somebody asks for it, once for all who ask
 * meanwhile, and stays in the store. Who asks waits; if nothing comes for as long as the options
 * allow, or the remote does not have it, he is told, and the next one to ask has it tried again.
 *
 * <p>Thread-safe. Owns the threads that fetch, neither the store nor the remote; it is closed
 * before both.
 */
public final class FetchingSource implements BlobSource, Metered, AutoCloseable {
  /** How much heap the directories take in which noted paths are looked for. */
  private static final long READER_BYTES = 16L << 20;

  private final LocalStore store;
  private final FetchOptions options;
  private final Fetcher fetcher;
  private final TreeFetches trees;
  private final TreeReader reader;
  private final TreeReader here;
  private final Profiles profiles;
  private final Set<Prefetch> prefetches = ConcurrentHashMap.newKeySet();
  private final Set<Whole> wholes = ConcurrentHashMap.newKeySet();
  private final ThreadLocal<long[]> waited = ThreadLocal.withInitial(() -> new long[1]);
  private final LongAdder waits = new LongAdder();
  private final LongAdder waitNanos = new LongAdder();

  /**
   * Begins to fetch.
   *
   * @param store takes what is fetched, so it must be writable
   * @throws IllegalArgumentException when it is not
   */
  public FetchingSource(LocalStore store, RemoteBlobs remote, FetchOptions options) {
    if (!store.isWritable()) {
      throw new IllegalArgumentException(
          "the store in %s takes nothing, so nothing can be fetched into it"
              .formatted(store.root()));
    }
    this.store = store;
    this.options = options;
    this.fetcher = new Fetcher(store, remote, options);
    this.trees = new TreeFetches(fetcher, remote, options.patience());
    this.reader = new TreeReader(this, READER_BYTES);
    this.here = new TreeReader(new Here(store, fetcher), READER_BYTES);
    this.profiles = new Profiles(store.files().own().resolve("profiles"));
  }

  /** What has come already: in the store, or whole and on its way there. */
  private record Here(LocalStore store, Fetcher fetcher) implements BlobSource {
    @Override
    public DigestFunction function() {
      return store.function();
    }

    @Override
    public Path locate(Digest digest, boolean executable) throws IOException {
      return store.locate(digest, executable);
    }

    @Override
    public byte[] read(Digest digest, int limit) throws IOException {
      Fetch fetch = fetcher.find(digest);
      return fetch != null && fetch.isWhole() ? fetcher.content(fetch) : store.read(digest, limit);
    }
  }

  /** Something that waits for a fetch. */
  private interface Waiting<V> {
    V run() throws IOException;
  }

  /** A tree that all of is wanted of, and whether it is being fetched. */
  private final class Whole implements Lease {
    private final Digest root;
    private final AtomicBoolean begun = new AtomicBoolean();

    Whole(Digest root) {
      this.root = root;
    }

    void begin() {
      if (begun.compareAndSet(false, true)) {
        fetcher.start(this::run);
      }
    }

    private void run() {
      try {
        var _ = fetchTree(root);
      } catch (IOException e) {
        // Who waits for what cannot be had is told.
      }
    }

    @Override
    public void close() {
      wholes.remove(this);
    }
  }

  /** Counts how long the caller waits. */
  private <V> V waiting(Waiting<V> wait) throws IOException {
    long start = System.nanoTime();
    wholes.forEach(Whole::begin);
    try {
      return wait.run();
    } finally {
      long nanos = System.nanoTime() - start;
      waits.increment();
      waitNanos.add(nanos);
      waited.get()[0] += nanos;
    }
  }

  @Override
  public DigestFunction function() {
    return store.function();
  }

  @Override
  public Path locate(Digest digest, boolean executable) throws IOException {
    note(digest);
    if (fetcher.find(digest) == null) {
      try {
        return store.locate(digest, executable);
      } catch (MissingBlobException e) {
        // It is fetched below.
      }
    }
    waiting(
        () -> {
          fetcher.fetch(digest, Urgency.DEMANDED).awaitPublished(options.patience());
          return digest;
        });
    return store.locate(digest, executable);
  }

  @Override
  public Located locate(
      Digest digest, boolean executable, long offset, long length, Watcher watcher)
      throws IOException {
    note(digest);
    Fetch fetch = fetcher.find(digest);
    if (fetch == null) {
      try {
        return new Located(store.locate(digest, executable), true);
      } catch (MissingBlobException e) {
        fetch = fetcher.fetch(digest, Urgency.DEMANDED);
      }
    }
    Fetch.Content readable = readable(fetch, offset, length);
    Path file = readable.file();
    if (file == null || (readable.verified() && !Files.exists(file))) {
      return new Located(store.locate(digest, executable), true); // it is in its place by now
    }
    if (!readable.verified()) {
      fetch.watch(watcher);
    }
    return new Located(file, readable.verified());
  }

  /** A file is wanted. */
  private void note(Digest digest) {
    for (Prefetch prefetch : prefetches) {
      prefetch.demanded(digest);
    }
  }

  private Fetch.Content readable(Fetch fetch, long offset, long length) throws IOException {
    if (fetch.isWhole()) {
      return fetch.awaitWhole(options.patience());
    }
    long size = fetch.digest().size();
    long end = length > size - offset ? size : offset + length;
    fetcher.hurry(fetch);
    return waiting(() -> fetch.await(end, options.patience()));
  }

  @Override
  public boolean isArriving(Digest digest) {
    Fetch fetch = fetcher.find(digest);
    return fetch != null && !fetch.isWhole();
  }

  @Override
  public byte[] read(Digest digest, int limit) throws IOException {
    byte[] content = readLocal(digest, limit);
    return content != null
        ? content
        : waiting(() -> fetcher.content(fetcher.fetch(digest, Urgency.DEMANDED)));
  }

  @Override
  public byte[] readDirectory(Digest digest, int limit) throws IOException {
    byte[] content = readLocal(digest, limit);
    return content != null ? content : waiting(() -> trees.read(digest));
  }

  /** What is in the store, or null; nothing where it is too large for the caller. */
  private byte @Nullable [] readLocal(Digest digest, int limit) throws IOException {
    if (digest.size() <= limit && fetcher.find(digest) != null) {
      return null;
    }
    try {
      return store.read(digest, limit);
    } catch (MissingBlobException e) {
      return null;
    }
  }

  /**
   * Fetches, in the background, the files that the last action of this kind has read, and notes
   * what this one reads. An action's kind is its command and the names at the top of its tree; what
   * is not known of the very command is taken from the last one of the same program and options. Of
   * an action without a known command nothing is noted.
   */
  @Override
  public Lease expect(Digest root, List<String> command) {
    return command.isEmpty() ? Lease.NONE : prefetch(root, command);
  }

  /** As soon as somebody waits for something, all of the tree is fetched in the background. */
  @Override
  public Lease expectAll(Digest root) {
    Whole whole = new Whole(root);
    wholes.add(whole);
    return whole;
  }

  Prefetch prefetch(Digest root, List<String> command) {
    Prefetch prefetch =
        new Prefetch(
            this, fetcher, store, reader, here, profiles, root, command, options.prefetchBytes());
    prefetches.add(prefetch);
    fetcher.start(prefetch::run);
    return prefetch;
  }

  /** No more is noted for it. */
  void stop(Prefetch prefetch) {
    prefetches.remove(prefetch);
  }

  /**
   * Fetches all that a tree has and the store lacks, in the background: blobs that somebody waits
   * for go first. When this returns all of it can be read; what came is put into the store at the
   * latest when this is closed.
   *
   * @throws IOException when the calling thread is interrupted; what cannot be had is in the result
   */
  public FetchedTree fetchTree(Digest root) throws IOException {
    return new WholeTree(fetcher, this, options.patience()).fetch(root);
  }

  @Override
  public Lease lease(Digest root) throws IOException {
    return store.lease(root);
  }

  @Override
  public long waitedNanos() {
    return waited.get()[0];
  }

  @Override
  public void meter(Consumer<Reading> to) {
    fetcher.meter(to);
    trees.meter(to);
    to.accept(
        Reading.counter("fetch_waits", "Times that somebody waited for a fetch", waits.sum()));
    to.accept(
        Reading.counter(
            "fetch_wait_milliseconds",
            "How long they waited, all together",
            TimeUnit.NANOSECONDS.toMillis(waitNanos.sum())));
  }

  /** Ends all fetching. What has come is put into the store before this returns. */
  @Override
  public void close() {
    fetcher.close();
  }
}
