package build.inputfs.app.daemon;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/**
 * Tells whoever listens what happens, at once and on the thread where it happens: listeners must
 * return soon and throw nothing. Thread-safe.
 */
public final class Events {
  private final List<Consumer<Event>> listeners = new CopyOnWriteArrayList<>();

  /** While it is open, somebody listens. */
  public interface Subscription extends AutoCloseable {
    @Override
    void close();
  }

  /** Has {@code listener} told of all that happens from now on. */
  public Subscription listen(Consumer<Event> listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }

  /** Whether there is anybody to tell. */
  boolean hasListeners() {
    return !listeners.isEmpty();
  }

  void tell(Event event) {
    listeners.forEach(listener -> listener.accept(event));
  }
}
