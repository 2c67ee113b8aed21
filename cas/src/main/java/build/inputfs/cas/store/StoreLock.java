package build.inputfs.cas.store;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The lock between the processes that use one store: flock(2) on the store's folder, which is there
 * whoever may write. Shared by all who rely on blobs that no lease names; exclusive for whoever
 * takes blobs away, which nobody does for more than some milliseconds at a time. The kernel gives
 * it back when a process ends. Stateless: each hold is a descriptor of its own.
 */
public final class StoreLock {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

  private final Posix posix;
  private final Path folder;

  StoreLock(Posix posix, Path folder) {
    this.posix = posix;
    this.folder = folder;
  }

  /**
   * Holds the lock together with others. Where the disk has no such locks nobody takes blobs away,
   * and nothing is held; nor where this user may not list the folder.
   *
   * @throws IOException when another process keeps it for itself
   */
  Lease shared() throws IOException {
    int fd = open();
    if (fd == -Errnos.EACCES) {
      return Lease.NONE;
    }
    Posix.check(fd, "open " + folder);
    long start = System.nanoTime();
    int result = posix.flock(fd, Posix.LOCK_SH | Posix.LOCK_NB);
    while (result == -Errnos.EAGAIN && System.nanoTime() - start < PATIENCE_NANOS) {
      pause(fd);
      result = posix.flock(fd, Posix.LOCK_SH | Posix.LOCK_NB);
    }
    if (result == 0) {
      return hold(fd);
    }
    posix.close(fd);
    if (result == -Errnos.EAGAIN) {
      throw new IOException(
          "another process has locked the store in %s for more than %d s"
              .formatted(folder, TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS)));
    }
    return Lease.NONE;
  }

  /**
   * Holds the lock alone, or returns null when others hold it.
   *
   * @throws IOException when the disk has no such locks: nothing may be taken away there
   */
  public @Nullable Lease tryExclusive() throws IOException {
    int fd = Posix.check(open(), "open " + folder);
    int result = posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB);
    if (result == 0) {
      return hold(fd);
    }
    posix.close(fd);
    if (result != -Errnos.EAGAIN) {
      Posix.check(result, "lock " + folder);
    }
    return null;
  }

  private int open() {
    return posix.open(folder, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
  }

  private Lease hold(int fd) {
    AtomicInteger held = new AtomicInteger(fd);
    return () -> {
      int last = held.getAndSet(-1);
      if (last >= 0) {
        posix.close(last);
      }
    };
  }

  private void pause(int fd) throws IOException {
    try {
      Thread.sleep(1);
    } catch (InterruptedException e) {
      posix.close(fd);
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the store in " + folder);
    }
  }
}
