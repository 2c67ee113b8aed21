package build.inputfs.fuse.scratch;

import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A tmpfs(5) of a folder's own, whose limits the kernel keeps to the page. */
final class Tmpfs implements Limiter {
  private static final long FLAGS = Posix.MS_NOSUID | Posix.MS_NODEV;

  private final Posix posix;
  private final Path directory;

  private Tmpfs(Posix posix, Path directory) {
    this.posix = posix;
    this.directory = directory;
  }

  /** Mounts one over an empty folder, which is removed where that fails. */
  static Tmpfs mount(Posix posix, Path directory) throws IOException {
    int result = posix.mount(MountTable.SOURCE, directory, "tmpfs", FLAGS, "mode=0700");
    if (result < 0) {
      Files.delete(directory);
      String problem = PosixException.describe(-result);
      throw new IOException(
          result == -Errnos.EPERM
              ? "a scratch in memory takes the right to mount: be root, or take one on the disk"
              : "cannot mount a tmpfs on " + directory + ": " + problem);
    }
    return new Tmpfs(posix, directory);
  }

  @Override
  public String name() {
    return "tmpfs";
  }

  @Override
  public boolean refuses() {
    return true;
  }

  @Override
  public Usage usage() throws IOException {
    long[] disk = statvfs();
    return new Usage((disk[2] - disk[3]) * disk[1], disk[5] - disk[6]);
  }

  private long[] statvfs() throws IOException {
    long[] disk = new long[8];
    Posix.check(posix.statvfs(directory, disk), "statvfs " + directory);
    return disk;
  }

  @Override
  public void allow(Quota quota, Usage there) throws IOException {
    StringBuilder options = new StringBuilder("mode=0700");
    if (quota.bytes() > 0) {
      options.append(",size=").append(there.bytes() + quota.bytes());
    }
    if (quota.files() > 0) {
      options.append(",nr_inodes=").append(there.files() + quota.files());
    }
    long flags = FLAGS | Posix.MS_REMOUNT;
    int result = posix.mount(MountTable.SOURCE, directory, "tmpfs", flags, options.toString());
    Posix.check(result, "limit the tmpfs on " + directory);
  }

  @Override
  public void remove() throws IOException {
    int result = posix.umount2(directory, Posix.MNT_DETACH | Posix.UMOUNT_NOFOLLOW);
    if (result != -Errnos.EINVAL) { // EINVAL: somebody else has unmounted it
      Posix.check(result, "unmount " + directory);
    }
    Files.delete(directory);
  }
}
