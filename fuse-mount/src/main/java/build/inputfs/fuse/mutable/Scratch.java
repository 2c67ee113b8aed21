package build.inputfs.fuse.mutable;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.fuse.scratch.Room;
import build.inputfs.fuse.scratch.Rooms;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What a view's action writes: one flat directory on the local disk, one file for each private file
 * of the view, named by number and not by what the action calls it.
 *
 * <p>Thread-safe. Results are as those of {@link Posix}: {@code -errno} for a failure. Owns its
 * directory and a descriptor of it until {@link #close}.
 */
final class Scratch implements AutoCloseable {
  private static final int COPY_BUFFER = 1 << 20;

  private final Posix posix;
  private final Room room;
  private final int descriptor;
  private final AtomicLong numbers = new AtomicLong();

  private Scratch(Posix posix, Room room, int descriptor) {
    this.posix = posix;
    this.room = room;
    this.descriptor = descriptor;
  }

  /**
   * Makes a scratch.
   *
   * @param parent the existing directory to make it in; its disk is the one that takes what is
   *     written
   * @throws IOException when it cannot be made; nothing is left behind
   */
  static Scratch create(Posix posix, Rooms rooms, Path parent, Quota quota, LimitHits hits)
      throws IOException {
    Path directory =
        Files.createTempDirectory(
            parent,
            "view-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Room room = rooms.furnish(directory, quota, hits);
    int descriptor = posix.open(directory, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    if (descriptor < 0) {
      room.remove();
      throw new PosixException("open " + directory, -descriptor);
    }
    return new Scratch(posix, room, descriptor);
  }

  Room room() {
    return room;
  }

  Path directory() {
    return room.directory();
  }

  /** A number for a new file. */
  long allocate() {
    return numbers.incrementAndGet();
  }

  Path path(long number) {
    return directory().resolve(name(number));
  }

  /** Creates the empty file {@code number}: its descriptor, open for reading and writing. */
  int create(long number) {
    return posix.openat(
        descriptor, name(number), Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL, 0600);
  }

  /** Opens file {@code number} for reading and writing. */
  int open(long number) {
    return posix.openat(descriptor, name(number), Posix.O_RDWR, 0);
  }

  int stat(long number, FileStat out) {
    return posix.statx(descriptor, name(number), Posix.AT_SYMLINK_NOFOLLOW, out);
  }

  /** Sets the times of file {@code number}, in the form of {@link Posix#utimensat}. */
  int setTimes(long number, long[] times) {
    return posix.utimensat(descriptor, name(number), times);
  }

  void remove(long number) {
    posix.unlinkat(descriptor, name(number), 0);
  }

  /**
   * Fills the empty file behind {@code to} with the first {@code length} bytes of the file behind
   * {@code from}: sharing its extents where the disk can, else within the kernel where that can.
   *
   * @param whole whether {@code length} is the file's whole size
   */
  int copy(int from, int to, long length, boolean whole) {
    if (whole && posix.reflink(from, to) == 0) {
      return 0;
    }
    long done = 0;
    while (done < length) {
      long copied = posix.copyFileRange(from, to, length - done);
      if (copied < 0 && done == 0 && copied != -Errnos.ENOSPC && copied != -Errnos.EDQUOT) {
        return copyByHand(from, to, length);
      }
      if (copied <= 0) {
        return copied < 0 ? (int) copied : -Errnos.EIO;
      }
      done += copied;
    }
    return 0;
  }

  private int copyByHand(int from, int to, long length) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(COPY_BUFFER);
      long done = 0;
      while (done < length) {
        long wanted = Math.min(COPY_BUFFER, length - done);
        long read = posix.pread(from, buffer.address(), wanted, done);
        if (read <= 0) {
          return read < 0 ? (int) read : -Errnos.EIO;
        }
        long written = 0;
        while (written < read) {
          long result =
              posix.pwrite(to, buffer.address() + written, read - written, done + written);
          if (result <= 0) {
            return result < 0 ? (int) result : -Errnos.EIO;
          }
          written += result;
        }
        done += read;
      }
      return 0;
    }
  }

  /** Removes everything. */
  @Override
  public void close() throws IOException {
    posix.close(descriptor);
    room.remove();
  }

  private static String name(long number) {
    return Long.toHexString(number);
  }
}
