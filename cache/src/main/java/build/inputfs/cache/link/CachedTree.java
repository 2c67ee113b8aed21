package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/** One tree of the cache: a real directory that has one {@link Part} of a tree. Thread-safe. */
final class CachedTree {
  private static final int GONE = -1;

  final Digest key;
  final Digest source;
  final Path path;
  final long bytes;
  final long entries;
  final long seal;
  final Set<String> joints;

  /** Whether it is to be evicted as soon as nobody uses it. */
  volatile boolean doomed;

  /** Whether it was damaged and is only there for those who still use it. */
  volatile boolean dropped;

  private final AtomicInteger pins = new AtomicInteger();

  /**
   * A tree that nobody has pinned.
   *
   * @param key what its part is known by
   * @param source the directory that it was made from
   * @param bytes size of its files
   * @param entries number of its files, directories and symlinks
   * @param seal what {@link Seals} said when it was complete
   * @param joints the names of its large directories, which are empty
   */
  CachedTree(
      Digest key,
      Digest source,
      Path path,
      long bytes,
      long entries,
      long seal,
      Set<String> joints) {
    this.key = key;
    this.source = source;
    this.path = path;
    this.bytes = bytes;
    this.entries = entries;
    this.seal = seal;
    this.joints = Set.copyOf(joints);
  }

  /** Pins it, unless it is gone. */
  boolean tryPin() {
    while (true) {
      int count = pins.get();
      if (count == GONE) {
        return false;
      }
      if (pins.compareAndSet(count, count + 1)) {
        return true;
      }
    }
  }

  /** Takes a pin back; returns whether it was the last. */
  boolean unpin() {
    return pins.decrementAndGet() == 0;
  }

  boolean isPinned() {
    return pins.get() > 0;
  }

  /** Makes it gone for ever, unless it is pinned. */
  boolean retire() {
    return pins.compareAndSet(0, GONE);
  }
}
