package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * The subvolumes of btrfs, by the calls of linux/btrfs.h: directories that are cloned and removed
 * in one call each, whatever is in them. Results are as those of {@link Posix}; on other disks they
 * are {@code -ENOTTY}. Stateless.
 */
final class Subvolumes implements TreeCloner {
  private static final long SNAP_CREATE = 0x50009401L;
  private static final long SUBVOL_CREATE = 0x5000940eL;
  private static final long SNAP_DESTROY = 0x5000940fL;

  /** Size of struct btrfs_ioctl_vol_args: a descriptor and a name. */
  private static final long ARGS = 4096;

  private static final long NAME_AT = 8;
  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;

  private final Posix posix;

  Subvolumes(Posix posix) {
    this.posix = posix;
  }

  @Override
  public int probe(Path path) {
    return create(path);
  }

  @Override
  public int create(Path path) {
    return call(SUBVOL_CREATE, path, -1);
  }

  /** {@inheritDoc} The kernel waits for the disk. */
  @Override
  public int snapshot(Path source, Path path) {
    int fd = posix.open(source, OPEN, 0);
    if (fd < 0) {
      return fd;
    }
    try {
      return call(SNAP_CREATE, path, fd);
    } finally {
      posix.close(fd);
    }
  }

  /**
   * Removes a subvolume with all that is in it; the kernel frees its blocks later.
   *
   * @return also {@code -EPERM} for who is neither root nor allowed to by the mount option
   *     user_subvol_rm_allowed, and {@code -ENOTEMPTY} when another subvolume is in it
   */
  @Override
  public int destroy(Path path) {
    return call(SNAP_DESTROY, path, -1);
  }

  /** Linux has bind mounts, and a subvolume is a disk of its own for rename(2). */
  @Override
  public boolean movesTrees() {
    return false;
  }

  private int call(long request, Path path, int source) {
    Path parent = path.toAbsolutePath().getParent();
    if (parent == null) {
      throw new IllegalArgumentException("no subvolume can be made at " + path);
    }
    int fd = posix.open(parent, OPEN, 0);
    if (fd < 0) {
      return fd;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment args = arena.allocate(ARGS, Long.BYTES);
      args.set(ValueLayout.JAVA_LONG, 0, source);
      args.setString(NAME_AT, String.valueOf(path.getFileName()));
      return posix.ioctl(fd, request, args.address());
    } finally {
      posix.close(fd);
    }
  }
}
