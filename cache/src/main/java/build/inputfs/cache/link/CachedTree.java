package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One tree of the cache: a real directory without its large subtrees, which are trees of the cache
 * themselves and are pinned as long as this one exists. Thread-safe.
 */
final class CachedTree {
  private static final int GONE = -1;

  /**
   * A large subtree.
   *
   * @param path where it belongs, relative to the tree that it is part of
   */
  record Joint(String path, CachedTree tree) {}

  final Digest digest;
  final Path path;
  final long bytes;
  final long entries;
  final long seal;
  final List<Joint> joints;

  /** The trees that have this one as a large subtree. */
  final Set<CachedTree> users = ConcurrentHashMap.newKeySet();

  /** Whether it is to be evicted as soon as nobody uses it. */
  volatile boolean doomed;

  /** Whether it was damaged and is only there for those who still use it. */
  volatile boolean dropped;

  private final AtomicInteger pins;

  /**
   * A tree that is pinned once.
   *
   * @param bytes size of its files, without its large subtrees
   * @param entries number of its files, directories and symlinks, likewise
   * @param seal what {@link Seals} said when it was complete
   */
  CachedTree(Digest digest, Path path, long bytes, long entries, long seal, List<Joint> joints) {
    this.digest = digest;
    this.path = path;
    this.bytes = bytes;
    this.entries = entries;
    this.seal = seal;
    this.joints = List.copyOf(joints);
    this.pins = new AtomicInteger(1);
    this.joints.forEach(joint -> joint.tree.users.add(this));
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
