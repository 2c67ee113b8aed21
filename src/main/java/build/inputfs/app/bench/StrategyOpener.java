package build.inputfs.app.bench;

import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;

/** Opens the strategy that is measured, as often as it is asked. */
@FunctionalInterface
public interface StrategyOpener {
  /**
   * Opens it, which the caller closes.
   *
   * @param scratch an empty folder of its own
   */
  ViewStrategy open(BlobSource blobs, TreeReader trees, Path scratch) throws IOException;
}
