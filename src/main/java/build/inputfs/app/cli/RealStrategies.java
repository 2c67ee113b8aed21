package build.inputfs.app.cli;

import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.kernel.KernelTransport;
import build.inputfs.fuse.kernel.MountOptions;
import build.inputfs.fuse.mutable.FuseStrategy;
import java.nio.file.Path;

/** The strategies of this program. */
final class RealStrategies implements Strategies {

  @Override
  public ViewStrategy open(
      String name, Posix posix, BlobSource blobs, TreeReader trees, Path scratch) {
    return switch (name) {
      case AUTOMATIC, "fuse" ->
          new FuseStrategy(
              posix, new KernelTransport(posix, MountOptions.PRIVATE), blobs, trees, scratch);
      default ->
          throw new IllegalArgumentException(
              "there is no strategy '" + name + "': --strategy takes auto or fuse");
    };
  }
}
