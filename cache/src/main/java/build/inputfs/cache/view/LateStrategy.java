package build.inputfs.cache.view;

import build.inputfs.cas.meter.Reading;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A strategy that is opened for its first view, and costs nothing if there is none. Thread-safe.
 */
public final class LateStrategy implements ViewStrategy {
  private final String name;
  private final Opener opener;

  /** Written under the lock. */
  private volatile @Nullable ViewStrategy opened;

  /** Opens a strategy. */
  @FunctionalInterface
  public interface Opener {
    /** Called once, or again after it has failed, under a lock that others wait for. */
    ViewStrategy open() throws IOException;
  }

  public LateStrategy(String name, Opener opener) {
    this.name = name;
    this.opener = opener;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    return strategy().open(spec);
  }

  private synchronized ViewStrategy strategy() throws IOException {
    ViewStrategy there = opened;
    if (there == null) {
      there = opener.open();
      opened = there;
    }
    return there;
  }

  @Override
  public void meter(Consumer<Reading> to) {
    ViewStrategy there = opened;
    if (there != null) {
      there.meter(to);
    }
  }

  @Override
  public synchronized void close() throws IOException {
    ViewStrategy there = opened;
    if (there != null) {
      there.close();
    }
  }
}
