package build.inputfs.cache.view;

import build.inputfs.cache.view.Quota.Limit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Which limits of its scratch an action has reached: each is told once, at the first time.
 * Thread-safe.
 */
public final class LimitHits {
  private final Quota quota;
  private final List<LimitHit> hits = new ArrayList<>();
  private final List<Consumer<LimitHit>> listeners = new ArrayList<>();

  public LimitHits(Quota quota) {
    this.quota = quota;
  }

  /** All until now, in order. */
  public synchronized List<LimitHit> all() {
    return List.copyOf(hits);
  }

  /**
   * Has {@code listener} told of every hit: of those before at once, of the others when they are
   * found. It is called by whoever found it, an action's request perhaps, and must return soon.
   */
  public void listen(Consumer<LimitHit> listener) {
    List<LimitHit> before;
    synchronized (this) {
      before = List.copyOf(hits);
      listeners.add(listener);
    }
    before.forEach(listener);
  }

  /**
   * Notes that {@code limit} was reached. Cheap when it is known.
   *
   * @param refused see {@link LimitHit#refused}
   */
  public void record(Limit limit, boolean refused) {
    LimitHit hit = new LimitHit(limit, quota.of(limit), refused);
    List<Consumer<LimitHit>> toTell;
    synchronized (this) {
      if (hits.stream().anyMatch(known -> known.limit() == limit)) {
        return;
      }
      hits.add(hit);
      toTell = List.copyOf(listeners);
    }
    toTell.forEach(listener -> listener.accept(hit));
  }
}
