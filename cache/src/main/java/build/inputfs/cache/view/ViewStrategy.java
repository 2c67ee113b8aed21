package build.inputfs.cache.view;

import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import java.io.IOException;
import java.util.function.Consumer;

/**
 * A way to make views. Thread-safe: views may be opened from any thread, several at once.
 *
 * <p>Whatever the strategy, a view behaves like a private copy of its input tree.
 */
public interface ViewStrategy extends Metered, AutoCloseable {

  /** The strategy's name on the command line, such as {@code fuse}. */
  String name();

  /**
   * Makes a view of {@code spec.root()} at {@code spec.path()}.
   *
   * @return the view, which the caller closes
   * @throws IOException when it cannot be made, or its scratch cannot be limited as asked; the
   *     message says why and what to do, and nothing is left behind
   */
  View open(ViewSpec spec) throws IOException;

  /** What its views and what they share have counted; nothing by default. */
  @Override
  default void meter(Consumer<Reading> to) {}

  /** Frees what the views share. All views have been closed before. */
  @Override
  void close() throws IOException;
}
