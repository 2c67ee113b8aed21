package build.inputfs.fuse.vfs;

import java.io.IOException;
import java.nio.file.Path;

/** A way to let other processes into a {@link FileSystem}. Thread-safe. */
public interface Transport {

  /**
   * Mounts {@code fileSystem} and serves it on threads of its own.
   *
   * @param mountPoint an existing, empty directory
   * @param readOnly whether every change is to fail with EROFS
   * @return the mount, which the caller closes and which answers already
   * @throws IOException when it cannot be mounted; the message says why and what to do, and nothing
   *     is left behind
   */
  Mounted mount(FileSystem fileSystem, Path mountPoint, boolean readOnly) throws IOException;
}
