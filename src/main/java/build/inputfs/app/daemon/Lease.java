package build.inputfs.app.daemon;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a client holds to keep its views: they end with it. Thread-safe.
 *
 * <p>A view is under it from before it is made, so that one that is just being made when the lease
 * ends is closed too.
 */
final class Lease {
  private final String name;
  private final int uid;
  private final Consumer<Closed> told;
  private final Set<LiveView> views = new LinkedHashSet<>();
  private boolean ended;

  /**
   * @param uid the user who holds it
   * @param told hears of views that ended though neither their client nor the lease's end asked
   */
  Lease(String name, int uid, Consumer<Closed> told) {
    this.name = name;
    this.uid = uid;
    this.told = told;
  }

  String name() {
    return name;
  }

  int uid() {
    return uid;
  }

  Consumer<Closed> told() {
    return told;
  }

  /** Puts a view under it, unless it has ended. */
  synchronized boolean add(LiveView view) {
    return !ended && views.add(view);
  }

  synchronized void remove(LiveView view) {
    views.remove(view);
  }

  /** Takes no more views; gives those that are to be closed. */
  synchronized List<LiveView> end() {
    ended = true;
    return List.copyOf(views);
  }
}
