package build.inputfs.fuse.jnr;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A name that {@link PathTree} has found: its node, which counts one lookup for it. A place is
 * <em>used</em> while an operation is made on its node; the lookup is given back when it is out of
 * the tree and nobody uses it any more.
 */
final class Place {
  private static final int GIVEN_BACK = -1;

  final long node;
  final boolean directory;

  /** Of a directory what was found in it. */
  final Map<Name, Place> children;

  /** How often a name in it was taken away or put there. Guarded by this. */
  long changes;

  private final AtomicInteger users = new AtomicInteger();
  private volatile boolean out;

  Place(long node, boolean directory) {
    this.node = node;
    this.directory = directory;
    this.children = directory ? new ConcurrentHashMap<>() : Map.of();
  }

  /** Begins a use: whether there still is a lookup to rely on. */
  boolean use() {
    return users.updateAndGet(count -> count == GIVEN_BACK ? count : count + 1) != GIVEN_BACK;
  }

  /** Ends a use: whether the caller is to give the lookup back. */
  boolean done() {
    return users.decrementAndGet() == 0 && out && giveBack();
  }

  /** Takes it out of the tree: whether the caller is to give the lookup back. */
  boolean takeOut() {
    out = true;
    return giveBack();
  }

  /** Whether nobody used it, and nobody can any more: the caller is to give the lookup back. */
  boolean giveBack() {
    return users.compareAndSet(0, GIVEN_BACK);
  }
}
