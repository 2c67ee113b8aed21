package build.inputfs.fuse.jnr;

import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * What the kernel remembers of files that have several names. The library makes an inode of each
 * name, so a change that is made through one leaves the kernel with old attributes of the others,
 * and it has no way to tell the kernel of paths. But the kernel remembers attributes for a time
 * that it is told: so a change of a file waits until what was told of its other names has run out.
 * Nobody waits who does not look at a file under one name and change it under another within that
 * time.
 *
 * <p>Any thread may call any method. The lock is never held while somebody waits.
 */
final class SharedNames {
  /** What the kernel and this clock may differ in. */
  private static final long MARGIN = Duration.ofMillis(20).toNanos();

  private static final int MANY = 1000;

  private final long promise;

  /** When a file's attributes were told last, under each of its names. Guarded by this. */
  private final Map<Long, Map<Place, Long>> told = new HashMap<>();

  /** The files that ever had several names. Guarded by this. */
  private final Set<Long> several = new HashSet<>();

  private volatile boolean any;

  /**
   * @param promise how long the kernel remembers attributes
   */
  SharedNames(Duration promise) {
    this.promise = promise.isZero() ? 0 : promise.toNanos() + MARGIN;
  }

  /** The kernel is about to be told the attributes of what a place names. */
  void told(Place place, Attributes attributes) {
    if (attributes.nlink < 2 || (attributes.mode & FileType.MASK) == FileType.DIRECTORY) {
      return;
    }
    remember(place);
  }

  /**
   * A file is about to get another name: the kernel was told of the first just now.
   *
   * @return for {@link #forgotten}
   */
  long remember(Place place) {
    long now = System.nanoTime();
    synchronized (this) {
      any = true;
      several.add(place.node);
      if (told.size() > MANY) {
        told.values().removeIf(names -> names.values().stream().allMatch(at -> isOver(at, now)));
      }
      told.computeIfAbsent(place.node, node -> new HashMap<>()).put(place, now);
    }
    return now;
  }

  /** The kernel has forgotten what it was told under a name, unless it was told again since. */
  synchronized void forgotten(Place place, long told) {
    Map<Place, Long> names = this.told.get(place.node);
    if (names != null) {
      names.remove(place, told);
    }
  }

  /**
   * Whether a file was ever seen with several names, so that the kernel may have old pages of it.
   */
  boolean hadSeveral(long node) {
    if (!any) {
      return false;
    }
    synchronized (this) {
      return several.contains(node);
    }
  }

  /**
   * Waits until the kernel has forgotten what it was told of a file under other names than that by
   * which it is going to be changed.
   */
  void awaitForgotten(Place changing) {
    while (any) {
      long wait = remaining(changing);
      if (wait <= 0) {
        return;
      }
      LockSupport.parkNanos(wait);
    }
  }

  private synchronized long remaining(Place changing) {
    Map<Place, Long> names = told.get(changing.node);
    if (names == null) {
      return 0;
    }
    long now = System.nanoTime();
    long longest = 0;
    for (Map.Entry<Place, Long> name : names.entrySet()) {
      if (name.getKey() != changing) {
        longest = Math.max(longest, promise - (now - name.getValue()));
      }
    }
    return longest;
  }

  private boolean isOver(long at, long now) {
    return now - at > promise;
  }
}
