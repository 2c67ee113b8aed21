package build.inputfs.app.daemon;

import build.inputfs.cache.view.Closing;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Consumer;

/**
 * The strategies of one process, each opened at its first view and shared by all. Thread-safe. Owns
 * them.
 *
 * @param byName all that can be asked for, in the order in which {@code automatic} tries them
 * @param automatic uses the first of them that works
 */
public record StrategySet(SequencedMap<String, ViewStrategy> byName, ViewStrategy automatic)
    implements Metered, AutoCloseable {
  /** The name that leaves the choice to the program. */
  public static final String AUTOMATIC = "auto";

  /** The names of all strategies. */
  public List<String> names() {
    return List.copyOf(byName.keySet());
  }

  /**
   * The strategy of this name.
   *
   * @throws RefusedException when there is none
   */
  public ViewStrategy of(String name) throws RefusedException {
    if (name.isEmpty() || name.equals(AUTOMATIC)) {
      return automatic;
    }
    ViewStrategy known = ((Map<String, ViewStrategy>) byName).get(name);
    if (known == null) {
      throw new RefusedException(
          RefusedException.Kind.INVALID,
          "there is no strategy '%s': there are auto, %s"
              .formatted(name, String.join(", ", names())));
    }
    return known;
  }

  @Override
  public void meter(Consumer<Reading> to) {
    byName.values().forEach(strategy -> strategy.meter(to));
  }

  @Override
  public void close() throws IOException {
    List<Closing.Step> steps = new ArrayList<>();
    byName.values().forEach(strategy -> steps.add(strategy::close));
    Closing.all(steps);
  }
}
