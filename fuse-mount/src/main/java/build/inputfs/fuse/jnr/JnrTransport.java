package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.Transport;
import java.nio.file.Path;

/** The transport over libfuse 2 or macFUSE. Thread-safe. */
public final class JnrTransport implements Transport {
  private final Posix posix;
  private final JnrOptions options;
  private final Platform platform;

  /**
   * A transport for the system that this is.
   *
   * @param options of all its mounts, but for {@link JnrOptions#readOnly}
   */
  public JnrTransport(Posix posix, JnrOptions options) {
    this.posix = posix;
    this.platform = Platform.of(posix, System.getProperty("os.name", ""));
    this.options = options.withIgnoringCase(platform.ignoresCase());
  }

  @Override
  public JnrMount mount(FileSystem fileSystem, Path mountPoint, boolean readOnly)
      throws MountException {
    return JnrMount.mount(
        posix,
        platform,
        Libfuse.load(platform.libraries(), platform.advice()),
        fileSystem,
        mountPoint,
        options.withReadOnly(readOnly));
  }
}
