package build.inputfs.cache.view;

import java.io.IOException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/** Closes several things whatever happens. Stateless. */
public final class Closing {
  private Closing() {}

  /** Something whose end can fail. */
  @FunctionalInterface
  public interface Step {
    void run() throws IOException;
  }

  /**
   * Runs every step.
   *
   * @throws IOException what the first failed step said; the others' failures are attached
   */
  public static void all(Collection<Step> steps) throws IOException {
    IOException failure = null;
    for (Step step : steps) {
      failure = attempt(step, failure);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static @Nullable IOException attempt(Step step, @Nullable IOException before) {
    try {
      step.run();
      return before;
    } catch (IOException e) {
      if (before == null) {
        return e;
      }
      before.addSuppressed(e);
      return before;
    }
  }
}
