package build.inputfs.cache.view;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for what one process keeps on the disk while it lives, and the end of those whose
 * process died.
 *
 * <p>Each is locked by its process. The kernel gives the lock back when the process ends, however
 * that happens, so a folder that can be locked is a leftover, and is removed by the next process
 * that starts. One in which something is still mounted that somebody may be using stays: a dead
 * mount keeps stray writers off, and is removed only when somebody asks. Owned by one thread.
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

  private final Path path;
  private final FileChannel lock;

  private SessionFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes a folder in {@code parent}, and removes what dead processes of this user left there.
   *
   * @param prefix how the names of all such folders begin
   */
  public static SessionFolder open(Path parent, String prefix, Mounts mounts) throws IOException {
    sweep(parent, prefix, mounts);
    Path path =
        Files.createTempDirectory(
            parent,
            prefix,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    // Others look for the lock by its name, and must not get hold of it before this process does.
    Path unseen = path.resolve(LOCK + ".new");
    FileChannel channel =
        FileChannel.open(unseen, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw new IOException("another process has locked the new folder " + path);
      }
      Files.move(unseen, path.resolve(LOCK), StandardCopyOption.ATOMIC_MOVE);
      return new SessionFolder(path, channel);
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  /** The folder; whatever is in it is gone when this process has died and another one starts. */
  public Path path() {
    return path;
  }

  /** Removes what dead processes of this user left in {@code parent}. */
  public static void sweep(Path parent, String prefix, Mounts mounts) throws IOException {
    Object user = Files.getAttribute(Path.of("/proc/self"), OWNER);
    try (DirectoryStream<Path> sessions =
        Files.newDirectoryStream(
            parent, path -> String.valueOf(path.getFileName()).startsWith(prefix))) {
      for (Path session : sessions) {
        if (user.equals(owner(session))) {
          sweepIfDead(session, mounts);
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

  private static void sweepIfDead(Path session, Mounts mounts) {
    try (FileChannel channel =
        FileChannel.open(
            session.resolve(LOCK), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      FileLock acquired = channel.tryLock();
      if (acquired != null && !mounts.clear(session)) {
        log()
            .warn(
                "{} is kept: a process that died has left a mount; `inputfs unmount` ends it",
                session);
      } else if (acquired != null) {
        Folders.delete(session);
        log().info("Removed {}, which a process left that died", session);
      }
    } catch (NoSuchFileException e) {
      // Just being made, or being removed by another.
    } catch (OverlappingFileLockException e) {
      // Another session of this process.
    } catch (IOException e) {
      log().warn("{} cannot be removed: {}", session, e.toString());
    }
  }

  /** Removes the folder, with whatever is left in it. */
  @Override
  public void close() throws IOException {
    try (lock) {
      Folders.delete(path);
    }
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(SessionFolder.class);
  }
}
