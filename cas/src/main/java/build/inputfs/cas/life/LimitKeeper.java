package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.life.LeasedTrees.Outcome;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.FileStamp;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.StoreFiles;
import build.inputfs.cas.store.StoreKeeper;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Policy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Knows the blobs and results of a store by name and size, and takes away those that Caffeine's
 * policy wants to go and nobody needs.
 *
 * <p>What is on the disk is known in one of two places: in the policy, or <em>outside</em> of it,
 * when the policy has let it go and the file is still there. Each change of place, and the renaming
 * of a file that goes, happens in the critical section that the policy's map has for that key. So
 * what is met again before it went comes back, and what is put while it goes is put anew. Finding
 * something in the policy, which is what an access does, takes no lock.
 *
 * <p>What has to stay, as it is part of a tree in use or was put by work that goes on, stays
 * outside, and the policy's limit is lowered by it, until a lease is closed: then it is offered to
 * the policy again. So the limit is passed by no more than what has to stay. What belongs to a tree
 * that was in use since the last time stays likewise, as long as there are others that can go.
 *
 * <p>The methods of {@link StoreKeeper} may be called by any thread; the others by one at a time,
 * which does what waits for the disk. What others delete behind our back is noticed when it is
 * looked for, and when it is its turn to go.
 */
final class LimitKeeper implements StoreKeeper {
  /** The policy weighs in units, as its weights are ints. */
  private static final int UNITS = 1 << 30;

  private static final long BATCH_NANOS = 2_000_000;

  /** Something on the disk. */
  private static final class Entry {
    final long bytes;
    final boolean hasVariant;

    /** Outside: whether it was to go and has to stay. */
    volatile boolean kept;

    Entry(long bytes, boolean hasVariant) {
      this.bytes = bytes;
      this.hasVariant = hasVariant;
    }

    Entry withVariant(long size) {
      return new Entry(bytes + size, true);
    }
  }

  /** Names the result of an action. */
  private record Result(String hash) {}

  private final StoreFiles files;
  private final Posix posix;
  private final long limit;
  private final long unit;
  private final Reach.Directories directories;
  private final LeasedTrees trees;
  private final NewBlobs fresh;
  private final Runnable wake;
  private final Cache<Object, Entry> policy;
  private final Policy.Eviction<Object, Entry> room;
  private final ConcurrentMap<Object, Entry> outside = new ConcurrentHashMap<>();
  private final Queue<Object> condemned = new ConcurrentLinkedQueue<>();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong outsideBytes = new AtomicLong();
  private final LongAdder evictions = new LongAdder();
  private final LongAdder evictedBytes = new LongAdder();
  private volatile boolean counting = true;
  private volatile boolean waiting;

  // Of the thread that evicts, as all below.
  private final List<Path> buried = new ArrayList<>();
  private final Set<Object> spared = new LinkedHashSet<>();
  private Reach lately;
  private long released;
  private Set<Digest> othersBefore = Set.of();

  /**
   * @param limit how many bytes everything together may have
   * @param wake called by any thread when there may be something to evict; must not wait
   */
  LimitKeeper(
      StoreFiles files, Posix posix, long limit, Reach.Directories directories, Runnable wake) {
    this.files = files;
    this.posix = posix;
    this.limit = limit;
    this.unit = Math.max(1, limit / UNITS);
    this.wake = wake;
    this.directories = directories;
    this.trees = new LeasedTrees(directories, wake);
    this.fresh = new NewBlobs(wake);
    this.lately = new Reach(directories);
    this.policy =
        Caffeine.newBuilder()
            .maximumWeight(Long.MAX_VALUE)
            .weigher((Object key, Entry entry) -> weight(entry))
            .evictionListener((key, entry, cause) -> condemn(key, entry))
            .executor(Runnable::run)
            .build();
    this.room = policy.policy().eviction().orElseThrow();
  }

  private int weight(Entry entry) {
    return Math.clamp(Math.ceilDiv(entry.bytes, unit), 1, Integer.MAX_VALUE);
  }

  /** Called by Caffeine, in the critical section of the key. */
  private void condemn(@Nullable Object key, @Nullable Entry entry) {
    if (key != null && entry != null) {
      putOutside(key, new Entry(entry.bytes, entry.hasVariant));
      condemned.add(key);
      wake.run();
    }
  }

  // What the store tells.

  @Override
  public void used(Digest blob) {
    if (policy.getIfPresent(blob) == null) {
      meet(blob, blob.size());
    }
  }

  @Override
  public void resultUsed(String hash, long size) {
    Result result = new Result(hash);
    if (policy.getIfPresent(result) == null) {
      meet(result, size);
    }
  }

  /** Notes what is there, unless it is known as something that was to go and has to stay. */
  private void meet(Object key, long size) {
    Entry known = outside.get(key);
    if (size > 0 && (known == null || !known.kept)) {
      know(key, size);
    }
  }

  private void know(Object key, long size) {
    policy
        .asMap()
        .computeIfAbsent(
            key,
            k -> {
              Entry known = removeOutside(k);
              if (known == null) {
                bytes.addAndGet(size);
                return new Entry(size, false);
              }
              return new Entry(known.bytes, known.hasVariant);
            });
  }

  @Override
  public void missing(Digest blob) {
    policy
        .asMap()
        .compute(
            blob,
            (key, known) -> {
              if (isThere(blob)) {
                return known;
              }
              Entry entry = known == null ? removeOutside(key) : known;
              if (entry != null) {
                bytes.addAndGet(-entry.bytes);
                if (entry.hasVariant) {
                  buryVariant(blob);
                }
              }
              return null;
            });
  }

  @Override
  public Lease putting(Digest blob) {
    long number = fresh.begin();
    mark(blob, number);
    return fresh.lease(number, false);
  }

  /** Marks something as new, before or after it is taken away, never meanwhile. */
  private void mark(Object key, long number) {
    policy
        .asMap()
        .compute(
            key,
            (k, known) -> {
              fresh.note(k, number);
              return known;
            });
  }

  @Override
  public void put(Digest blob) {
    if (!blob.isEmpty()) {
      know(blob, blob.size());
    }
  }

  @Override
  public void resultPut(String hash, long size) {
    Result result = new Result(hash);
    long number = fresh.begin();
    policy
        .asMap()
        .compute(
            result,
            (key, known) -> {
              fresh.note(key, number);
              Entry before = known == null ? removeOutside(key) : known;
              bytes.addAndGet(size - (before == null ? 0 : before.bytes));
              return new Entry(size, false);
            });
    fresh.lease(number, false).close();
  }

  @Override
  public void variantMade(Digest blob) {
    if (blob.isEmpty()) {
      return;
    }
    policy
        .asMap()
        .compute(
            blob,
            (key, known) -> {
              Entry entry = known == null ? outside.get(key) : known;
              if (entry == null) {
                if (!isThere(blob)) {
                  buryVariant(blob);
                  return null;
                }
                bytes.addAndGet(2 * blob.size());
                return new Entry(2 * blob.size(), true);
              }
              if (entry.hasVariant) {
                return known;
              }
              bytes.addAndGet(blob.size());
              Entry more = entry.withVariant(blob.size());
              if (known != null) {
                return more;
              }
              more.kept = entry.kept;
              putOutside(key, more);
              return null;
            });
  }

  @Override
  public Lease lease(Digest root) {
    return trees.take(root);
  }

  @Override
  public Lease keepNew() {
    return fresh.lease(fresh.begin(), true);
  }

  // What the thread that evicts does.

  /** Counts what is there: until this has ended the policy lets nothing go. */
  void count(StoreScan scan) throws IOException {
    List<Found> found = new ArrayList<>();
    scan.kept(
        file -> {
          switch (file.kind()) {
            case BLOB -> find(Digest.of(file.name(), file.bytes()), file, found);
            case RESULT -> find(new Result(file.name()), file, found);
            case VARIANT -> variantMade(Digest.of(file.name(), file.bytes()));
            case TEMPORARY, TOMBSTONE, QUARANTINED -> {}
          }
        });
    found.sort((a, b) -> Long.compare(a.accessSeconds(), b.accessSeconds()));
    long excess = bytes.get() - limit;
    for (Found each : found) {
      Entry entry = outside.get(each.key());
      if (entry != null && excess > 0) {
        excess -= entry.bytes;
        condemned.add(each.key());
      } else {
        offer(each.key());
      }
    }
    counting = false;
  }

  private record Found(Object key, long accessSeconds) {}

  private void find(Object key, StoreFile file, List<Found> found) {
    policy
        .asMap()
        .compute(
            key,
            (k, known) -> {
              if (known == null && !outside.containsKey(k)) {
                bytes.addAndGet(file.bytes());
                putOutside(k, new Entry(file.bytes(), false));
                found.add(new Found(k, file.accessSeconds()));
              }
              return known;
            });
  }

  /** Notes what other processes have put since, and forgets what is not there any more. */
  void recount(StoreScan scan) throws IOException {
    scan.kept(
        file -> {
          switch (file.kind()) {
            case BLOB -> meet(Digest.of(file.name(), file.bytes()), file.bytes());
            case RESULT -> meet(new Result(file.name()), file.bytes());
            case VARIANT -> variantMade(Digest.of(file.name(), file.bytes()));
            case TEMPORARY, TOMBSTONE, QUARANTINED -> {}
          }
        });
    for (Object key : policy.asMap().keySet()) {
      if (key instanceof Digest blob && !isThere(blob)) {
        missing(blob);
      }
    }
  }

  /**
   * Takes away what has to go, and returns whether all of it has gone.
   *
   * @return false when another process keeps everything for now
   * @throws IOException when it cannot be told what has to stay
   */
  boolean settle() throws IOException {
    if (counting) {
      return true;
    }
    offerAgain();
    policy.cleanUp();
    boolean asked = false;
    do {
      if (!condemned.isEmpty() && !asked) {
        asked = true;
        lately = trees.usedLately();
        lately.forEach(this::touch);
      }
      while (!condemned.isEmpty()) {
        boolean done = batch();
        waiting = !done;
        if (waiting) {
          return false;
        }
      }
      setMaximum(Math.max(0, limit - outsideBytes.get()) / unit);
      policy.cleanUp();
      if (condemned.isEmpty()) {
        takeBackSpared();
      }
    } while (!condemned.isEmpty());
    return true;
  }

  /** What was spared goes now after all as far as there is no room for it. */
  private void takeBackSpared() {
    if (!spared.isEmpty()) {
      lately = new Reach(directories);
      long sparedBytes = 0;
      for (Object key : spared) {
        Entry entry = outside.get(key);
        sparedBytes += entry == null ? 0 : entry.bytes;
      }
      setMaximum(Math.max(0, limit - outsideBytes.get() + sparedBytes) / unit);
      spared.forEach(this::offer);
      spared.clear();
      policy.cleanUp();
    }
  }

  private void setMaximum(long weight) {
    // Setting it makes the policy forget what it has learnt.
    if (room.getMaximum() != weight) {
      room.setMaximum(weight);
    }
  }

  /** Tells the policy of an access that nobody else has told it of. */
  private void touch(Digest blob) {
    var _ = policy.getIfPresent(blob);
  }

  /** Has the policy decide anew about what had to stay, when something was released since. */
  private void offerAgain() throws IOException {
    if (outside.isEmpty()) {
      return;
    }
    long now = trees.closed() + fresh.ended();
    Set<Digest> others = files.sessions().roots();
    if (now != released || !others.containsAll(othersBefore)) {
      released = now;
      setMaximum(limit / unit);
      trees.forget();
      fresh.prune();
      outside.forEach(
          (key, entry) -> {
            if (entry.kept) {
              offer(key);
            }
          });
    }
  }

  private void offer(Object key) {
    policy
        .asMap()
        .computeIfAbsent(
            key,
            k -> {
              Entry entry = removeOutside(k);
              return entry == null ? null : new Entry(entry.bytes, entry.hasVariant);
            });
  }

  /** Takes some away, and returns false when another process keeps everything. */
  private boolean batch() throws IOException {
    othersBefore = files.sessions().roots();
    trees.extend(othersBefore);
    try (Lease alone = files.lock().tryExclusive()) {
      if (alone == null) {
        return false;
      }
      // Who takes a lease from now on waits for the lock.
      if (trees.covers(files.sessions().roots())) {
        long end = System.nanoTime() + BATCH_NANOS;
        Object key = condemned.poll();
        while (key != null && takeAway(key) && System.nanoTime() < end) {
          key = condemned.poll();
        }
      }
    }
    for (Path tombstone : buried) {
      Files.deleteIfExists(tombstone);
    }
    buried.clear();
    return true;
  }

  /** Takes something away unless it has to stay, and returns false when that cannot be told now. */
  private boolean takeAway(Object key) throws IOException {
    Outcome[] outcome = {Outcome.KEPT};
    try {
      policy
          .asMap()
          .compute(
              key,
              (k, known) -> {
                Entry entry = outside.get(k);
                if (known == null && entry != null) {
                  outcome[0] = takeAway(k, entry);
                }
                return known;
              });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    if (outcome[0] == Outcome.STALE) {
      condemned.add(key);
      return false;
    }
    return true;
  }

  private Outcome takeAway(Object key, Entry entry) {
    if (fresh.contains(key)) {
      entry.kept = true;
      return Outcome.KEPT;
    }
    if (lately.contains(key)) {
      entry.kept = true;
      spared.add(key);
      return Outcome.KEPT;
    }
    Outcome outcome;
    try {
      outcome = trees.unlessInUse(key, () -> bury(key, entry));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    switch (outcome) {
      case GONE -> {
        removeOutside(key);
        bytes.addAndGet(-entry.bytes);
        evictions.increment();
        evictedBytes.add(entry.bytes);
      }
      case KEPT -> entry.kept = true;
      case STALE -> {}
    }
    return outcome;
  }

  private void bury(Object key, Entry entry) throws IOException {
    switch (key) {
      case Digest blob -> {
        // A file of another size is not the one that is known by this digest.
        if (isThere(blob)) {
          bury(files.blobs().path(blob.hex()));
        }
        if (entry.hasVariant) {
          bury(files.variants().path(blob.hex()));
        }
      }
      case Result(String hash) -> bury(files.results().path(hash));
      default -> throw new IllegalStateException("neither a blob nor a result: " + key);
    }
  }

  private void bury(Path file) throws IOException {
    Path tombstone = files.bury(file);
    if (tombstone != null) {
      buried.add(tombstone);
    }
  }

  /** The blob is gone: another thread than the one that evicts may find that out. */
  private void buryVariant(Digest blob) {
    try {
      Path tombstone = files.bury(files.variants().path(blob.hex()));
      if (tombstone != null) {
        Files.deleteIfExists(tombstone);
      }
    } catch (IOException e) {
      // It is found again by the next count.
    }
  }

  private boolean isThere(Digest blob) {
    FileStat stat = new FileStat();
    return posix.lstat(files.blobs().path(blob.hex()), stat) == 0
        && FileStamp.of(stat).isRegular()
        && stat.size() == blob.size();
  }

  private void putOutside(Object key, Entry entry) {
    Entry before = outside.put(key, entry);
    outsideBytes.addAndGet(entry.bytes - (before == null ? 0 : before.bytes));
  }

  private @Nullable Entry removeOutside(Object key) {
    Entry entry = outside.remove(key);
    if (entry != null) {
      outsideBytes.addAndGet(-entry.bytes);
    }
    return entry;
  }

  LimitStats stats() {
    return new LimitStats(
        limit,
        counting,
        bytes.get(),
        policy.estimatedSize() + outside.size(),
        counting ? 0 : outsideBytes.get(),
        trees.count(),
        evictions.sum(),
        evictedBytes.sum(),
        waiting);
  }
}
