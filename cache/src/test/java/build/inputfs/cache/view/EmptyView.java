package build.inputfs.cache.view;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A view that shows nothing at all. */
class EmptyView implements View {
  private final Path path;

  EmptyView(Path path) {
    this.path = path;
  }

  @Override
  public final Path path() {
    return path;
  }

  @Override
  public final String mechanism() {
    return "none";
  }

  @Override
  public final ViewTree tree() {
    return path -> null;
  }

  @Override
  public final List<ViewFailure> failures() {
    return List.of();
  }

  @Override
  public final LimitHits limits() {
    return new LimitHits(Quota.NONE);
  }

  @Override
  public final Map<String, Long> counters() {
    return Map.of();
  }

  @Override
  public final void awaitEnd() {}

  @Override
  public void close() throws IOException {}
}
