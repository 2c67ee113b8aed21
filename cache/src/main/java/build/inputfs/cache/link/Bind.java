package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A bind mount, mount(2) with MS_BIND: a directory that is shown at a second path too. */
final class Bind implements AutoCloseable {
  private final Posix posix;
  private final Path source;
  private final Path path;

  private Bind(Posix posix, Path source, Path path) {
    this.posix = posix;
    this.source = source;
    this.path = path;
  }

  /** Binds {@code source} to {@code path}; returns null when this process may not mount. */
  static @Nullable Bind make(Posix posix, Path source, Path path) throws IOException {
    int result = posix.mount(source.toString(), path, "none", Posix.MS_BIND, "");
    if (result == -Errnos.EPERM) {
      return null;
    }
    Posix.check(result, "bind " + source + " to " + path);
    return new Bind(posix, source, path);
  }

  /** Lets nobody open a device or get another user's rights by this path, nor write if asked. */
  void restrict(boolean readOnly) throws IOException {
    long flags = Posix.MS_BIND | Posix.MS_REMOUNT | Posix.MS_NOSUID | Posix.MS_NODEV;
    flags |= readOnly ? Posix.MS_RDONLY : 0;
    Posix.check(posix.mount("none", path, "none", flags, ""), "restrict the mount at " + path);
  }

  /** Whether the path still shows the directory. */
  boolean isMounted() {
    FileStat shown = new FileStat();
    FileStat own = new FileStat();
    return posix.lstat(path, shown) == 0
        && posix.lstat(source, own) == 0
        && shown.ino() == own.ino()
        && shown.device() == own.device();
  }

  /** Unmounts it, unless somebody has. Who is in it stays there. */
  @Override
  public void close() throws IOException {
    if (isMounted()) {
      int result = posix.umount2(path, Posix.MNT_DETACH | Posix.UMOUNT_NOFOLLOW);
      if (result < 0 && result != -Errnos.EINVAL) {
        throw new PosixException("unmount " + path, -result);
      }
    }
  }
}
