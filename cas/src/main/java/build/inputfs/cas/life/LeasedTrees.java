package build.inputfs.cas.life;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.store.Lease;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The trees that are in use. A lease notes a root, and nothing else; what can be reached from there
 * is found when something is to be evicted, by the thread that evicts.
 *
 * <p>Leases are taken and closed by any thread. One lock makes a lease and the eviction of a single
 * blob exclude each other, and is fair, so that taking a lease waits for one rename at most. All
 * other methods are for one thread at a time.
 */
final class LeasedTrees {
  /** So many trees that were in use lately are remembered. */
  private static final int MOST_USED = 1000;

  /** What came of an attempt to evict something. */
  enum Outcome {
    GONE,
    KEPT,
    /** A lease was taken since {@link #extend}. */
    STALE
  }

  /** Takes a blob away. */
  @FunctionalInterface
  interface Removal {
    void run() throws IOException;
  }

  private final Reach.Directories directories;
  private final Runnable onClose;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final AtomicLong closed = new AtomicLong();

  // Guarded by the lock.
  private final Map<Digest, Integer> roots = new HashMap<>();
  private final Set<Digest> used = new LinkedHashSet<>();
  private long taken;

  // Of the thread that evicts.
  private Reach reach;
  private long covered;

  /**
   * @param onClose called when a lease was closed, by whoever closes it
   */
  LeasedTrees(Reach.Directories directories, Runnable onClose) {
    this.directories = directories;
    this.onClose = onClose;
    this.reach = new Reach(directories);
  }

  Lease take(Digest root) {
    lock.lock();
    try {
      roots.merge(root, 1, Integer::sum);
      taken++;
      noteUse(root);
    } finally {
      lock.unlock();
    }
    AtomicBoolean open = new AtomicBoolean(true);
    return () -> {
      if (open.compareAndSet(true, false)) {
        release(root);
      }
    };
  }

  private void release(Digest root) {
    lock.lock();
    try {
      roots.computeIfPresent(root, (key, count) -> count == 1 ? null : count - 1);
      noteUse(root);
    } finally {
      lock.unlock();
    }
    closed.incrementAndGet();
    onClose.run();
  }

  private void noteUse(Digest root) {
    used.remove(root);
    used.add(root);
    if (used.size() > MOST_USED) {
      used.remove(used.iterator().next());
    }
  }

  /** How many trees are in use. */
  int count() {
    lock.lock();
    try {
      return roots.size();
    } finally {
      lock.unlock();
    }
  }

  /** How many leases were closed until now. */
  long closed() {
    return closed.get();
  }

  /** Forgets what could be reached from trees that are not in use any more. */
  void forget() {
    reach = new Reach(directories);
  }

  /**
   * Finds what can be reached from the trees in use.
   *
   * @param others the trees that other processes use
   * @throws IOException when that cannot be told: then nothing may be evicted
   */
  void extend(Set<Digest> others) throws IOException {
    List<Digest> wanted;
    long version;
    lock.lock();
    try {
      wanted = new ArrayList<>(roots.keySet());
      version = taken;
    } finally {
      lock.unlock();
    }
    wanted.addAll(others);
    reach.add(wanted);
    covered = version;
  }

  /** Whether {@link #extend} has seen these trees. */
  boolean covers(Set<Digest> others) {
    return reach.covers(others);
  }

  /** Takes something away unless it is in use. */
  Outcome unlessInUse(Object key, Removal removal) throws IOException {
    lock.lock();
    try {
      if (taken != covered) {
        return Outcome.STALE;
      }
      if (reach.contains(key)) {
        return Outcome.KEPT;
      }
      removal.run();
      return Outcome.GONE;
    } finally {
      lock.unlock();
    }
  }

  /** What can be reached from trees that came into use, or went out of it, since the last call. */
  Reach usedLately() throws IOException {
    List<Digest> lately;
    lock.lock();
    try {
      lately = new ArrayList<>(used);
      used.clear();
    } finally {
      lock.unlock();
    }
    Reach found = new Reach(directories);
    found.add(lately);
    return found;
  }
}
