package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;

/**
 * Gives new inodes the owner, mode and times that a tree asks for. Each was created with its mode;
 * what creating cannot give (bits in the umask, set-id bits) is set on the descriptor. Stateless.
 */
final class Inodes {
  /** The time of an input that asks for none: 2000-01-01T00:00:00Z. */
  static final long DEFAULT_SECONDS = 946_684_800L;

  static final int DIRECTORY_MODE = 0755;
  static final int FILE_MODE = 0444;
  static final int EXECUTABLE_MODE = 0555;

  /** The bits that open(2), mkdir(2) and mknod(2) take, but for the umask. */
  private static final int CREATED_BITS = 0777;

  private final Posix posix;
  private final int uid;
  private final int gid;
  private final boolean chown;
  private final int umask;

  Inodes(Posix posix, TreeOptions options) {
    this.posix = posix;
    this.uid = options.uid();
    this.gid = options.gid();
    this.chown = uid != posix.geteuid() || gid != posix.getegid();
    this.umask = Umask.read();
  }

  static long[] times(boolean given, long seconds, int nanos) {
    return new long[] {
      0, Posix.UTIME_OMIT, given ? seconds : DEFAULT_SECONDS, given ? nanos : 0,
    };
  }

  /** Whether an inode that is created with {@code mode} has that mode. */
  boolean isCreatedWith(int mode) {
    return (mode & ~CREATED_BITS) == 0 && (mode & umask) == 0;
  }

  /**
   * Finishes a file or directory.
   *
   * @param fd open on it, for reading at least
   * @param made the mode that it was created with
   * @param wanted the mode that it is to have
   */
  void finish(int fd, int made, int wanted, long[] times, String what) throws IOException {
    if (chown) {
      Posix.check(posix.fchown(fd, uid, gid), "chown " + what);
    }
    if (made != wanted || !isCreatedWith(wanted)) {
      Posix.check(posix.fchmod(fd, wanted), "chmod " + what);
    }
    Posix.check(posix.futimens(fd, times), "set the times of " + what);
  }

  /** Finishes a symlink or an empty file that has its mode. */
  void finish(int directory, String name, long[] times, String what) throws IOException {
    if (chown) {
      Posix.check(posix.fchownat(directory, name, uid, gid), "chown " + what);
    }
    Posix.check(posix.utimensat(directory, name, times), "set the times of " + what);
  }
}
