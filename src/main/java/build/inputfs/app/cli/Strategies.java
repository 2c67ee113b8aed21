package build.inputfs.app.cli;

import build.inputfs.app.daemon.StrategySet;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Makes strategies by their names on the command line. */
interface Strategies {
  /** The name that leaves the choice to the program. */
  String AUTOMATIC = "auto";

  /** The names of all strategies, the best first. */
  List<String> NAMES = List.of("overlay", "fuse");

  /**
   * Makes the strategy called {@code name}, which the caller closes.
   *
   * @param transport by which it serves, where it does
   * @param blobs where the inputs' contents are
   * @param trees decodes the inputs' directories
   * @param scratch the folder that takes what commands write
   * @throws IllegalArgumentException when there is no strategy of this name
   */
  ViewStrategy open(
      String name,
      TransportChoice transport,
      Posix posix,
      BlobSource blobs,
      TreeReader trees,
      Path scratch)
      throws IOException;

  /**
   * All strategies, which the caller closes.
   *
   * @param own an existing folder of this process's own that takes all they keep
   */
  StrategySet all(
      TransportChoice transport, Posix posix, BlobSource blobs, TreeReader trees, Path own);
}
