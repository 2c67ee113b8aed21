package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A tree of the cache that is shown, read-only, by a bind mount for each of its parts. */
final class SharedPlace implements RealTreeView.Place {
  private final Pin pin;
  private final Deque<Bind> binds;

  private SharedPlace(Pin pin, Deque<Bind> binds) {
    this.pin = pin;
    this.binds = binds;
  }

  /**
   * Shows a tree at {@code path}.
   *
   * @param pin closed with the place, and when this fails
   * @return null when this process may not mount
   */
  static @Nullable SharedPlace show(Posix posix, Pin pin, Path path) throws IOException {
    SharedPlace place = new SharedPlace(pin, new ArrayDeque<>());
    boolean shown = false;
    try {
      shown = place.bind(posix, pin.path(), path);
      for (Pin.Joint joint : pin.joints()) {
        shown = shown && place.bind(posix, joint.tree(), path.resolve(joint.path()));
      }
    } finally {
      if (!shown) {
        place.end();
      }
    }
    return shown ? place : null;
  }

  private boolean bind(Posix posix, Path tree, Path path) throws IOException {
    Bind bind = Bind.make(posix, tree, path);
    if (bind == null) {
      return false;
    }
    binds.push(bind);
    bind.restrict(true);
    return true;
  }

  Map<String, Long> counters() {
    return Map.of("cached trees shown", (long) binds.size());
  }

  @Override
  public boolean isShown() {
    return binds.getLast().isMounted();
  }

  @Override
  public void end() throws IOException {
    try {
      for (Bind bind : binds) {
        bind.close();
      }
    } finally {
      pin.close();
    }
  }
}
