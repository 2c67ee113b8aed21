package build.inputfs.cache.view;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A view that is another one, but for what a subclass adds. As thread-safe as that one. */
public abstract class ForwardingView implements View {
  private final View view;

  /**
   * @param view the other one; closed with this
   */
  protected ForwardingView(View view) {
    this.view = view;
  }

  @Override
  public Path path() {
    return view.path();
  }

  @Override
  public String mechanism() {
    return view.mechanism();
  }

  @Override
  public ViewTree tree() {
    return view.tree();
  }

  @Override
  public List<ViewFailure> failures() {
    return view.failures();
  }

  @Override
  public LimitHits limits() {
    return view.limits();
  }

  @Override
  public Map<String, Long> counters() {
    return view.counters();
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    view.awaitEnd();
  }

  @Override
  public void close() throws IOException {
    view.close();
  }
}
