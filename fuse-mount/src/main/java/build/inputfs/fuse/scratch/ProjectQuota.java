package build.inputfs.fuse.scratch;

import build.inputfs.cache.view.Folders;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A project quota of the disk, on ext4 and XFS that are mounted with {@code prjquota}: all that is
 * made in the folder belongs to its project, and the kernel refuses what is too much for it
 * (quotactl(2), and the requests FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR of linux/fs.h).
 *
 * <p>Numbers of projects are taken from a range of our own. One is free when nothing belongs to it
 * and it has no limit. Two processes may find the same one: each gives it to its folder first, and
 * then looks whether it is alone with it.
 */
final class ProjectQuota implements Limiter {
  private static final int FIRST_ID = 0x49460000; // "IF"
  private static final int IDS = 0x10000;
  private static final int TRIES = 100;

  private static final long FS_IOC_FSGETXATTR = 0x801c581fL;
  private static final long FS_IOC_FSSETXATTR = 0x401c5820L;
  private static final int FSXATTR_BYTES = 28;
  private static final int FSXATTR_PROJECT = 12;
  private static final int FS_XFLAG_PROJINHERIT = 0x200;

  private static final int PRJQUOTA = 2;
  private static final int Q_GETQUOTA = 0x800007 << 8 | PRJQUOTA;
  private static final int Q_SETQUOTA = 0x800008 << 8 | PRJQUOTA;
  private static final int Q_XGETQSTAT = ('X' << 8 | 5) << 8 | PRJQUOTA;

  /** Of Q_XGETQSTAT: limits of projects are kept, not only counted. */
  private static final int FS_QUOTA_PDQ_ENFD = 1 << 5;

  private static final int QSTAT_BYTES = 128;

  // struct if_dqblk of linux/quota.h.
  private static final int DQBLK_BYTES = 72;
  private static final int HARD_BLOCKS = 0;
  private static final int SPACE = 16;
  private static final int HARD_FILES = 24;
  private static final int FILES = 40;
  private static final int VALID = 64;
  private static final int QIF_LIMITS = 5;
  private static final int BLOCK = 1024;

  private final Posix posix;
  private final Path directory;
  private final int id;
  private final int descriptor;

  private ProjectQuota(Posix posix, Path directory, int id, int descriptor) {
    this.posix = posix;
    this.directory = directory;
    this.id = id;
    this.descriptor = descriptor;
  }

  /** Makes an empty folder a project; null where the disk or this process cannot. */
  static @Nullable ProjectQuota of(Posix posix, Path directory) throws IOException {
    Path parent = directory.getParent();
    if (parent == null) {
      return null;
    }
    // The descriptor is the parent's: quotactl needs any file of the disk, and the folder goes.
    int flags = Posix.O_RDONLY | Posix.O_DIRECTORY;
    int disk = Posix.check(posix.open(parent, flags, 0), "open " + parent);
    ProjectQuota found = null;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(QSTAT_BYTES, Long.BYTES);
      state.set(ValueLayout.JAVA_BYTE, 0, (byte) 1); // FS_QSTAT_VERSION
      if (posix.quotactl(disk, Q_XGETQSTAT, 0, state.address()) == 0
          && (state.get(ValueLayout.JAVA_SHORT, 2) & FS_QUOTA_PDQ_ENFD) != 0) {
        found = claim(posix, directory, disk);
      }
      return found;
    } finally {
      if (found == null) {
        posix.close(disk);
      }
    }
  }

  private static @Nullable ProjectQuota claim(Posix posix, Path directory, int disk)
      throws IOException {
    for (int i = 0; i < TRIES; i++) {
      int id = FIRST_ID + ThreadLocalRandom.current().nextInt(IDS);
      ProjectQuota candidate = new ProjectQuota(posix, directory, id, disk);
      Usage usage = candidate.usage();
      if (usage.files() == 0 && usage.bytes() == 0) {
        if (!candidate.join()) {
          return null;
        }
        if (candidate.usage().files() == 1) {
          return candidate;
        }
      }
    }
    throw new IOException(
        "no project of the %,d from %d on is free on the disk of %s"
            .formatted(IDS, FIRST_ID, directory));
  }

  /** Gives the folder to the project, with all that will be made in it. */
  private boolean join() throws IOException {
    int flags = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;
    int fd = Posix.check(posix.open(directory, flags, 0), "open " + directory);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocate(FSXATTR_BYTES, Integer.BYTES);
      if (posix.ioctl(fd, FS_IOC_FSGETXATTR, attributes.address()) < 0) {
        return false;
      }
      int xflags = attributes.get(ValueLayout.JAVA_INT, 0);
      attributes.set(ValueLayout.JAVA_INT, 0, xflags | FS_XFLAG_PROJINHERIT);
      attributes.set(ValueLayout.JAVA_INT, FSXATTR_PROJECT, id);
      return posix.ioctl(fd, FS_IOC_FSSETXATTR, attributes.address()) == 0;
    } finally {
      posix.close(fd);
    }
  }

  @Override
  public String name() {
    return "project quota";
  }

  @Override
  public boolean refuses() {
    return true;
  }

  @Override
  public Usage usage() throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(DQBLK_BYTES, Long.BYTES);
      int result = posix.quotactl(descriptor, Q_GETQUOTA, id, block.address());
      if (result == -Errnos.ENOENT) {
        return Usage.NOTHING; // XFS: nobody has used this project yet
      }
      Posix.check(result, "quotactl of project " + id);
      return new Usage(
          block.get(ValueLayout.JAVA_LONG, SPACE), block.get(ValueLayout.JAVA_LONG, FILES));
    }
  }

  @Override
  public void allow(Quota quota, Usage there) throws IOException {
    long bytes = quota.bytes() == 0 ? 0 : there.bytes() + quota.bytes();
    long files = quota.files() == 0 ? 0 : there.files() + quota.files();
    set(bytes / BLOCK, files);
  }

  private void set(long blocks, long files) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment block = arena.allocate(DQBLK_BYTES, Long.BYTES);
      block.set(ValueLayout.JAVA_LONG, HARD_BLOCKS, blocks);
      block.set(ValueLayout.JAVA_LONG, HARD_FILES, files);
      block.set(ValueLayout.JAVA_INT, VALID, QIF_LIMITS);
      int result = posix.quotactl(descriptor, Q_SETQUOTA, id, block.address());
      Posix.check(result, "quotactl of project " + id);
    }
  }

  @Override
  public void remove() throws IOException {
    try {
      Folders.delete(directory);
      set(0, 0);
    } finally {
      posix.close(descriptor);
    }
  }
}
