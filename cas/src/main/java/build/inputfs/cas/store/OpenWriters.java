package build.inputfs.cas.store;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;

/**
 * Waits until no process has a file open for writing.
 *
 * <p>execve(2) refuses a file that anybody has open for writing (ETXTBSY). Closing our own
 * descriptor does not settle that: a child that another thread forked a moment before has a copy of
 * it until it calls execve itself. So the kernel is asked: a read lease, fcntl(2) F_SETLEASE with
 * F_RDLCK, is granted exactly when the count that execve looks at is zero, in whatever process the
 * descriptors are. Once it has been zero it stays so, as nobody knows the file's name yet.
 *
 * <p>The lease is dropped at once. Only for files of our own that nobody else opens: whoever breaks
 * a lease has the kernel send SIGIO to its holder. Stateless.
 */
public final class OpenWriters {
  private static final int F_SETLEASE = 1024;
  private static final int F_RDLCK = 0;
  private static final int F_UNLCK = 2;
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private final Posix posix;

  /** Asks by {@code posix}. */
  public OpenWriters(Posix posix) {
    this.posix = posix;
  }

  /**
   * Returns when no descriptor is open for writing on {@code file}. Where the disk has no leases it
   * returns at once.
   *
   * @throws IOException when a process keeps such a descriptor for longer than any fork takes
   */
  void awaitNone(Path file) throws IOException {
    int fd = Posix.check(posix.open(file, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0), "open " + file);
    try {
      awaitNone(fd, file.toString());
    } finally {
      posix.close(fd);
    }
  }

  /**
   * As {@link #awaitNone(Path)}.
   *
   * @param fd a descriptor of the file, open for reading only, which stays open
   * @param file its name, for messages
   */
  public void awaitNone(int fd, String file) throws IOException {
    try {
      long start = System.nanoTime();
      long pauseMillis = 1;
      while (posix.fcntl(fd, F_SETLEASE, F_RDLCK) == -Errnos.EAGAIN) {
        if (System.nanoTime() - start > PATIENCE_NANOS) {
          throw new IOException("a process keeps " + file + " open for writing");
        }
        Thread.sleep(pauseMillis);
        pauseMillis = Math.min(2 * pauseMillis, 100);
      }
      posix.fcntl(fd, F_SETLEASE, F_UNLCK);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the writers of " + file);
    }
  }
}
