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
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for what one process keeps on the disk while it lives, and the end of those whose
 * process died.
 *
 * <p>Each is locked by its process. The kernel gives the lock back when the process ends, however
 * that happens, so a folder that can be locked is a leftover, and is removed by the next process
 * that starts. One in which something is still mounted stays: a dead mount keeps stray writers off,
 * and is removed only when somebody asks. Owned by one thread.
 */
public final class SessionFolder implements AutoCloseable {
  private static final String PREFIX = "session-";
  private static final String LOCK = "lock";

  private final Path path;
  private final FileChannel lock;

  private SessionFolder(Path path, FileChannel lock) {
    this.path = path;
    this.lock = lock;
  }

  /**
   * Makes a folder in {@code parent}, and removes what dead processes left there.
   *
   * @param hasMounts tells of a folder whether something is mounted in it, without touching it
   */
  public static SessionFolder open(Path parent, Predicate<Path> hasMounts) throws IOException {
    sweep(parent, hasMounts);
    Path path =
        Files.createTempDirectory(
            parent,
            PREFIX,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    FileChannel channel =
        FileChannel.open(
            path.resolve(LOCK), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    try {
      if (channel.tryLock() == null) {
        throw new IOException("another process has locked the new folder " + path);
      }
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

  private static void sweep(Path parent, Predicate<Path> hasMounts) throws IOException {
    try (DirectoryStream<Path> sessions = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path session : sessions) {
        sweepIfDead(session, hasMounts);
      }
    }
  }

  private static void sweepIfDead(Path session, Predicate<Path> hasMounts) {
    try (FileChannel channel =
        FileChannel.open(
            session.resolve(LOCK), StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      FileLock acquired = channel.tryLock();
      if (acquired != null && hasMounts.test(session)) {
        log().warn("{} is kept: a process that died has left a mount in it", session);
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
