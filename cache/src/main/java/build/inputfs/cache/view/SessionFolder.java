package build.inputfs.cache.view;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Host;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder for what one process keeps on the disk while it lives, and the end of those whose
 * process died.
 *
 * <p>In each is a file that its process has locked, by flock(2). The kernel gives the lock back
 * when the process ends, however that happens, so a folder that can be locked is a leftover, and is
 * removed by the next process that starts. One in which something is still mounted that somebody
 * may be using stays: a dead mount keeps stray writers off, and is removed only when somebody asks.
 *
 * <p>A folder gets its name when it is complete and locked. Before, it has a name by which those of
 * processes that died meanwhile are known; one that is taken for such too early is made again.
 * Owned by one thread.
 */
public final class SessionFolder implements AutoCloseable {
  private static final String LOCK = "lock";
  private static final String UNBORN = ".inputfs-unborn-";
  private static final String OWNER = "unix:uid";

  /** What is in the file that is locked: no other folder is ever taken for a session's. */
  private static final String MARK = "inputfs session\n";

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
    while (true) {
      Path unborn =
          Files.createTempDirectory(
              parent,
              UNBORN,
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      int flags = Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL;
      int lock = posix.open(unborn.resolve(LOCK), flags, 0600);
      if (lock == -Errnos.ENOENT) {
        continue; // taken for a leftover
      }
      Posix.check(lock, "make " + unborn.resolve(LOCK));
      if (locked(posix, lock, Posix.LOCK_EX, unborn)) {
        Files.writeString(unborn.resolve(LOCK), MARK);
        return new SessionFolder(posix, named(unborn, parent.resolve(prefix)), lock);
      }
      posix.close(lock);
    }
  }

  private static Path named(Path folder, Path prefix) throws IOException {
    String random = Long.toUnsignedString(ThreadLocalRandom.current().nextLong());
    return Files.move(folder, Path.of(prefix + random));
  }

  /** Locks the file that is open, and is there still. */
  private static boolean locked(Posix posix, int lock, int kind, Path folder) throws IOException {
    int result = posix.flock(lock, kind | Posix.LOCK_NB);
    if (result == -Errnos.EAGAIN) {
      return false;
    }
    Posix.check(result, "lock " + folder);
    FileStat held = new FileStat();
    FileStat there = new FileStat();
    Posix.check(posix.fstat(lock, held), "fstat the lock of " + folder);
    return posix.lstat(folder.resolve(LOCK), there) == 0 && there.ino() == held.ino();
  }

  /** The folder; whatever is in it is gone when this process has died and another one starts. */
  public Path path() {
    return path;
  }

  /** Removes what dead processes of this user left in {@code parent}. */
  public static void sweep(Posix posix, Path parent, String prefix, Mounts mounts)
      throws IOException {
    for (Path session : list(parent, prefix)) {
      try (Left left = claim(posix, session)) {
        if (left != null && mounts.clear(session)) {
          left.delete();
          log().info("Removed {}, which a process left that died", session);
        } else if (left != null) {
          log()
              .warn(
                  "{} is kept: a process that died has left a mount; `inputfs reap` ends it",
                  session);
        }
      } catch (IOException e) {
        log().warn("{} cannot be removed: {}", session, e.toString());
      }
    }
    for (Path unborn : list(parent, UNBORN)) {
      removeUnborn(posix, unborn);
    }
  }

  /** Whether this is the folder of a process that has given it no name yet, or is removing it. */
  public static boolean isUnborn(Path folder) {
    return String.valueOf(folder.getFileName()).startsWith(UNBORN);
  }

  /**
   * Removes a folder that {@link #isUnborn} is true of, unless a process that lives has locked it.
   */
  public static void removeUnborn(Posix posix, Path folder) throws IOException {
    Path file = folder.resolve(LOCK);
    int lock = posix.open(file, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0);
    try {
      if (lock >= 0 && locked(posix, lock, Posix.LOCK_EX, folder)) {
        posix.unlinkat(Posix.AT_FDCWD, file.toString(), 0);
      }
      // Only when it is empty, and whoever is making it makes another.
      posix.unlinkat(Posix.AT_FDCWD, folder.toString(), Posix.AT_REMOVEDIR);
    } finally {
      if (lock >= 0) {
        posix.close(lock);
      }
    }
  }

  /** The folders of this user's whose names begin so. */
  public static List<Path> list(Path parent, String prefix) throws IOException {
    Object user = Host.effectiveUser();
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> paths =
        Files.newDirectoryStream(
            parent, path -> String.valueOf(path.getFileName()).startsWith(prefix))) {
      for (Path path : paths) {
        if (user.equals(owner(path)) && Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
          found.add(path);
        }
      }
    }
    return found;
  }

  /** Whose it is, or null where it is gone: others may have names like these in a common folder. */
  private static @Nullable Object owner(Path session) throws IOException {
    try {
      return Files.getAttribute(session, OWNER, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return null;
    }
  }

  /** Whether a folder is a session's, of whichever user, and whether or not its process lives. */
  public static boolean isSession(Path folder) {
    Path lock = folder.resolve(LOCK);
    try {
      return Files.isRegularFile(lock, LinkOption.NOFOLLOW_LINKS)
          && Files.size(lock) == MARK.length()
          && Files.readString(lock).equals(MARK);
    } catch (IOException e) {
      return false; // it is gone, or may not be read
    }
  }

  /**
   * Whether this is the folder of a process that died. Any number may ask at a time; who would take
   * it over at that moment is refused.
   */
  public static boolean isLeftover(Posix posix, Path folder) throws IOException {
    int lock = posix.open(folder.resolve(LOCK), Posix.O_RDONLY | Posix.O_NOFOLLOW, 0);
    if (lock == -Errnos.ENOENT || lock == -Errnos.ENOTDIR) {
      return false;
    }
    Posix.check(lock, "open " + folder.resolve(LOCK));
    try {
      return isSession(folder) && locked(posix, lock, Posix.LOCK_SH, folder);
    } finally {
      posix.close(lock);
    }
  }

  /**
   * Takes over the folder of a process that died.
   *
   * @return null where it is no session's folder, its process lives, or another is at it
   */
  public static @Nullable Left claim(Posix posix, Path folder) throws IOException {
    int lock = posix.open(folder.resolve(LOCK), Posix.O_RDONLY | Posix.O_NOFOLLOW, 0);
    if (lock == -Errnos.ENOENT || lock == -Errnos.ENOTDIR) {
      return null;
    }
    Posix.check(lock, "open " + folder.resolve(LOCK));
    if (isSession(folder) && locked(posix, lock, Posix.LOCK_EX, folder)) {
      return new Left(posix, folder, lock);
    }
    posix.close(lock);
    return null;
  }

  /** The folder of a process that died, which nobody else touches until this is closed. */
  public static final class Left implements AutoCloseable {
    private final Posix posix;
    private final Path path;
    private final int lock;

    private Left(Posix posix, Path path, int lock) {
      this.posix = posix;
      this.path = path;
      this.lock = lock;
    }

    public Path path() {
      return path;
    }

    /** Removes the folder, in which nothing is mounted, and all in it. */
    public void delete() throws IOException {
      remove(path);
    }

    /** Lets go of it. */
    @Override
    public void close() {
      posix.close(lock);
    }
  }

  /** Wherever that fails, or this process dies, what is left is still known for a leftover. */
  private static void remove(Path folder) throws IOException {
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
      for (Path each : all) {
        if (!each.endsWith(LOCK)) {
          Folders.delete(each);
        }
      }
    }
    Path unborn = named(folder, folder.resolveSibling(UNBORN));
    Files.deleteIfExists(unborn.resolve(LOCK));
    Files.deleteIfExists(unborn); // when another process has not taken it for a leftover yet
  }

  /** Removes the folder, with whatever is left in it. */
  @Override
  public void close() throws IOException {
    try {
      remove(path);
    } finally {
      posix.close(lock);
    }
  }

  /** Setting up logging takes longer than making a view: only when there is something to tell. */
  private static Logger log() {
    return LoggerFactory.getLogger(SessionFolder.class);
  }
}
