package build.inputfs.app.daemon;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Where one view is. Its owner calls {@link #show} when the view has been made at {@link #target},
 * {@link #hide} before the view is closed, and {@link #close} in any case, last.
 */
interface Place extends AutoCloseable {
  /** The empty directory that the strategy gets. */
  Path target();

  /** Whether {@link #target} is a real path of the daemon's own, which nobody else uses. */
  boolean isOwn();

  /** Where the client finds the view. */
  Path path();

  /** Has the view seen at {@link #path}. */
  void show() throws IOException;

  /** Undoes {@link #show}; does nothing when it was not called. */
  void hide() throws IOException;

  @Override
  void close() throws IOException;
}
