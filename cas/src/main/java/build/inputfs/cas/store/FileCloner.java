package build.inputfs.cas.store;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Copies whole files, sharing their extents where the disk can. Stateless. */
final class FileCloner {
  private static final int WRITABLE = 0600;

  private final Posix posix;

  FileCloner(Posix posix) {
    this.posix = posix;
  }

  /**
   * Makes {@code target}, which must not exist, a reflink of {@code source}.
   *
   * @return 0, or the positive errno of ioctl_ficlone(2); {@code target} is then empty
   */
  int reflink(Path source, Path target) throws IOException {
    int cloned = posix.clonefile(source, target);
    if (cloned == 0) {
      return 0; // macOS, which clones files into new ones alone
    }
    int in =
        Posix.check(posix.open(source, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0), "open " + source);
    try {
      int flags = Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL;
      int out = Posix.check(posix.open(target, flags, WRITABLE), "create " + target);
      try {
        return -Math.min(0, posix.reflink(in, out));
      } finally {
        posix.close(out);
      }
    } finally {
      posix.close(in);
    }
  }

  /** Whether an errno of {@link #reflink} means that it can never work between these disks. */
  static boolean isUnsupported(int errno) {
    return errno == Errnos.EOPNOTSUPP
        || errno == Errnos.ENOTSUP
        || errno == Errnos.EXDEV
        || errno == Errnos.EINVAL
        || errno == Errnos.ENOSYS
        || errno == Errnos.ENOTTY;
  }

  /**
   * Makes {@code target} a copy of {@code source}, by reflink where that works. On the disk only
   * when it is forced.
   */
  void copy(Path source, Path target) throws IOException {
    if (reflink(source, target) == 0) {
      return;
    }
    try (FileChannel in =
            FileChannel.open(source, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
        FileChannel out = FileChannel.open(target, StandardOpenOption.WRITE)) {
      long size = in.size();
      long done = 0;
      while (done < size) {
        long moved = in.transferTo(done, size - done, out);
        if (moved == 0) {
          throw new IOException(source + " became shorter while it was copied");
        }
        done += moved;
      }
    }
  }

  /** Sets the mode and writes the file to the disk. */
  void seal(Path file, int mode) throws IOException {
    int fd = Posix.check(posix.open(file, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0), "open " + file);
    try {
      Posix.check(posix.fchmod(fd, mode), "fchmod " + file);
      Posix.check(posix.fsync(fd, false), "fsync " + file);
    } finally {
      posix.close(fd);
    }
  }
}
