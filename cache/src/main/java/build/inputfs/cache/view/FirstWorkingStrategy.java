package build.inputfs.cache.view;

import build.inputfs.cas.meter.Reading;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * The {@code auto} strategy: the first of several that works here. Each is tried with a real view,
 * in order, until one has made one; from then on that one is used. Thread-safe. Owns them all.
 */
public final class FirstWorkingStrategy implements ViewStrategy {
  private final List<ViewStrategy> candidates;
  private final Consumer<String> told;
  private volatile int first;
  private volatile boolean proven;

  /**
   * A choice.
   *
   * @param candidates at least one, the best first
   * @param told is told which one is used, and why not those before it
   */
  public FirstWorkingStrategy(List<ViewStrategy> candidates, Consumer<String> told) {
    if (candidates.isEmpty()) {
      throw new IllegalArgumentException("there must be a strategy to choose");
    }
    this.candidates = List.copyOf(candidates);
    this.told = told;
  }

  @Override
  public String name() {
    return candidates.get(first).name();
  }

  /**
   * Makes a view with the first strategy that can.
   *
   * @throws IOException what the last one said when none can; what the others said is attached
   */
  @Override
  public View open(ViewSpec spec) throws IOException {
    List<IOException> refusals = new ArrayList<>();
    for (int at = first; at < candidates.size(); at++) {
      ViewStrategy candidate = candidates.get(at);
      try {
        View view = candidate.open(spec);
        if (!proven) {
          first = at;
          proven = true;
          told.accept("views are made by the strategy " + candidate.name());
        }
        return view;
      } catch (IOException e) {
        if (proven || at == candidates.size() - 1) {
          refusals.forEach(e::addSuppressed);
          throw e;
        }
        told.accept("the strategy " + candidate.name() + " does not work here: " + e.getMessage());
        refusals.add(e);
      }
    }
    throw new AssertionError("there is always a last strategy");
  }

  @Override
  public void meter(Consumer<Reading> to) {
    candidates.forEach(candidate -> candidate.meter(to));
  }

  @Override
  public void close() throws IOException {
    List<Closing.Step> steps = new ArrayList<>();
    candidates.forEach(candidate -> steps.add(candidate::close));
    Closing.all(steps);
  }
}
