package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.Transport;
import java.nio.file.Path;

/** The transport over {@code /dev/fuse}. Thread-safe. */
public final class KernelTransport implements Transport {
  private final Posix posix;
  private final MountOptions options;

  /**
   * A transport.
   *
   * @param options of all its mounts, but for {@link MountOptions#readOnly}
   */
  public KernelTransport(Posix posix, MountOptions options) {
    this.posix = posix;
    this.options = options;
  }

  @Override
  public FuseSession mount(FileSystem fileSystem, Path mountPoint, boolean readOnly)
      throws MountException {
    return FuseSession.mount(posix, fileSystem, mountPoint, options.withReadOnly(readOnly));
  }
}
