package build.inputfs.app.bench;

import build.inputfs.cache.view.Folders;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** The kernel's overlayfs on the native directory. */
final class OverlayfsContender extends PlainContender {
  static final String NAME = "overlayfs";

  private final Posix posix;
  private final Path view;
  private final Path scratch;

  /**
   * @param view where its views are: an empty directory
   * @param scratch a folder on a local disk that does not exist
   */
  OverlayfsContender(Posix posix, Path view, Path scratch) {
    super(NAME, "the kernel's overlayfs on the native directory");
    this.posix = posix;
    this.view = view;
    this.scratch = scratch;
  }

  @Override
  Made makeView(InputTree tree) throws IOException {
    Path upper = scratch.resolve("upper");
    Path work = scratch.resolve("work");
    String options =
        "lowerdir=%s,upperdir=%s,workdir=%s,redirect_dir=on,volatile"
            .formatted(tree.directory(), upper, work);
    long start = System.nanoTime();
    Files.createDirectory(scratch);
    Files.createDirectory(upper);
    Files.createDirectory(work);
    int result = posix.mount("overlay", view, "overlay", 0, options);
    if (result < 0) {
      Folders.delete(scratch);
      throw new RefusedException("mounting overlayfs: " + PosixException.describe(-result));
    }
    tree.applyTo(view);
    long nanos = System.nanoTime() - start;
    return new Made(view, OptionalLong.of(nanos), this::remove);
  }

  private OptionalLong remove() throws IOException {
    long start = System.nanoTime();
    // Somebody who looks at all of the disk just now is no reason to fail.
    Posix.check(posix.umount2(view, Posix.MNT_DETACH), "unmount " + view);
    Folders.delete(scratch);
    return OptionalLong.of(System.nanoTime() - start);
  }
}
