package build.inputfs.cache.view;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for what one process keeps on the disk while it lives, and the end of those whose
 * process died.
 *
 * <p>Each is locked by its process, with flock(2). The kernel gives the lock back when the process
 * ends, however that happens, so a folder that can be locked is a leftover, and is removed by the
 * next process that starts; another one of the same process cannot be locked either. One in which
 * something is still mounted that somebody may be using stays: a dead mount keeps stray writers
 * off, and is removed only when somebody asks. Owned by one thread.
 */
public final class SessionFolder implements AutoCloseable {
  private static final String LOCK = "lock";
  private static final String OWNER = "unix:uid";

  /** Knows what is mounted in a folder, without touching it. */
  @FunctionalInterface
  public interface Mounts {

    /**
     * Removes what a process that died has mounted in {@code folder} and nobody can be using.
     *
     * @return whether nothing is mounted there now
     */
    boolean clear(Path folder) throws IOException;
  }

  private final Posix posix;
  private final Path path;
  private final int lock;

  private SessionFolder(Posix posix, Path path, int lock) {
    this.posix = posix;
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes a folder in {@code parent}, and removes what dead processes of this user left there.
   *
   * @param prefix how the names of all such folders begin
   */
  public static SessionFolder open(Posix posix, Path parent, String prefix, Mounts mounts)
      throws IOException {
    sweep(posix, parent, prefix, mounts);
    Path path =
        Files.createTempDirectory(
            parent,
            prefix,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    // Others look for the lock by its name, and must not get hold of it before this process does.
    Path unseen = path.resolve(LOCK + ".new");
    int flags = Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL | Posix.O_NOFOLLOW;
    int lock = Posix.check(posix.open(unseen, flags, 0600), "create " + unseen);
    try {
      Posix.check(posix.flock(lock, Posix.LOCK_EX | Posix.LOCK_NB), "lock " + unseen);
      Files.move(unseen, path.resolve(LOCK), StandardCopyOption.ATOMIC_MOVE);
      return new SessionFolder(posix, path, lock);
    } catch (IOException e) {
      posix.close(lock);
      throw e;
    }
  }

  /** The folder; whatever is in it is gone when this process has died and another one starts. */
  public Path path() {
    return path;
  }

  /** Removes what dead processes of this user left in {@code parent}. */
  public static void sweep(Posix posix, Path parent, String prefix, Mounts mounts)
      throws IOException {
    Object user = Files.getAttribute(Path.of("/proc/self"), OWNER);
    try (DirectoryStream<Path> sessions =
        Files.newDirectoryStream(
            parent, path -> String.valueOf(path.getFileName()).startsWith(prefix))) {
      for (Path session : sessions) {
        if (user.equals(owner(session))) {
          sweepIfDead(posix, session, mounts);
        }
      }
    }
  }

  /** Whose it is, or null where it is gone: others may have names like these in a common folder. */
  private static @Nullable Object owner(Path session) throws IOException {
    try {
      return Files.getAttribute(session, OWNER, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  private static void sweepIfDead(Posix posix, Path session, Mounts mounts) {
    int lock = posix.open(session.resolve(LOCK), Posix.O_WRONLY | Posix.O_NOFOLLOW, 0);
    if (lock < 0) {
      if (lock != -Errnos.ENOENT && lock != -Errnos.ENOTDIR) {
        log().warn("{} cannot be looked at: errno {}", session, -lock);
      } // else it is just being made, or being removed by another
      return;
    }
    try {
      int locked = posix.flock(lock, Posix.LOCK_EX | Posix.LOCK_NB);
      if (locked == -Errnos.EAGAIN) {
        return; // its process lives
      }
      Posix.check(locked, "lock " + session);
      if (mounts.clear(session)) {
        Folders.delete(session);
        log().info("Removed {}, which a process left that died", session);
      } else {
        log()
            .warn(
                "{} is kept: a process that died has left a mount; `inputfs unmount` ends it",
                session);
      }
    } catch (NoSuchFileException e) {
      // Being removed by another.
    } catch (IOException e) {
      log().warn("{} cannot be removed: {}", session, e.toString());
    } finally {
      posix.close(lock);
    }
  }

  /** Removes the folder, with whatever is left in it. */
  @Override
  public void close() throws IOException {
    try {
      Folders.delete(path);
    } finally {
      posix.close(lock);
    }
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(SessionFolder.class);
  }
}
