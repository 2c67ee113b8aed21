package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** A contender without a server, that keeps nothing from view to view. */
abstract class PlainContender implements Contender {
  private final String name;
  private final String description;
  private @Nullable Site current;

  PlainContender(String name, String description) {
    this.name = name;
    this.description = description;
  }

  /**
   * What was made.
   *
   * @param nanos how long that took; empty where nothing had to be made
   * @param removal takes it away again
   */
  record Made(Path path, OptionalLong nanos, Removal removal) {}

  /** Takes a view away, and says how long that took. */
  @FunctionalInterface
  interface Removal {
    OptionalLong run() throws IOException;
  }

  /** Makes a view. Where that fails it leaves nothing. */
  abstract Made makeView(InputTree tree) throws IOException;

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String description() {
    return description;
  }

  @Override
  public final void start() {
    // Nothing is kept from turn to turn.
  }

  @Override
  public final Site make(InputTree tree) throws IOException {
    Made made = makeView(tree);
    Site site = new PlainSite(made);
    current = site;
    return site;
  }

  @Override
  public final @Nullable Memory memory() {
    return null;
  }

  @Override
  public final void stop() throws IOException {
    Site site = current;
    if (site != null) {
      var _ = site.remove();
    }
  }

  @Override
  public final void close() {
    // Views are all that it has.
  }

  private final class PlainSite implements Site {
    private final Made made;

    PlainSite(Made made) {
      this.made = made;
    }

    @Override
    public Path path() {
      return made.path();
    }

    @Override
    public OptionalLong makeNanos() {
      return made.nanos();
    }

    @Override
    public @Nullable Map<String, Long> requests() {
      return null;
    }

    @Override
    public OptionalLong remove() throws IOException {
      current = null;
      return made.removal().run();
    }
  }
}
