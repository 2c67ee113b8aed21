package build.inputfs.cas.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;

/**
 * A folder of files that are being written and have not been published yet.
 *
 * <p>The folder may be shared by several processes. A name that was given out is owned by the
 * caller, who moves the file away or deletes it, and then {@link #release}s the name; {@link
 * #close} deletes what is left of this object's own. Names begin with that of the process's {@link
 * Session}, so what a crash leaves is known by the next sweep; a file of another name, by a day's
 * age: none that lives is written for so long. Thread-safe.
 */
final class TemporaryFiles implements AutoCloseable {
  private static final Duration LEFTOVER_AGE = Duration.ofDays(1);

  private final Path folder;
  private final Sessions sessions;
  private final OwnSession session;
  private final Set<Path> live = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Makes the folder at the first {@link #newPath}. */
  TemporaryFiles(Path folder, Sessions sessions, OwnSession session) {
    this.folder = folder;
    this.sessions = sessions;
    this.session = session;
  }

  /** A path in the folder, on which there is no file yet. */
  Path newPath() throws IOException {
    if (closed) {
      throw new IOException("the store is closed");
    }
    if (!Files.isDirectory(folder)) {
      Files.createDirectories(folder);
    }
    long random = ThreadLocalRandom.current().nextLong();
    Path path = folder.resolve(session.get().id() + "-" + Long.toHexString(random));
    live.add(path);
    return path;
  }

  /** Gives a path back; the file, if it is still there, is deleted. */
  void release(Path path) throws IOException {
    live.remove(path);
    Files.deleteIfExists(path);
  }

  /**
   * Deletes what crashed processes have left, until it is told to stop. Another process may be
   * sweeping too.
   */
  void sweep(Instant now, BooleanSupplier stop) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    Map<String, Boolean> alive = new HashMap<>();
    Instant limit = now.minus(LEFTOVER_AGE);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (stop.getAsBoolean()) {
          return;
        }
        try {
          if (isLeftover(file, limit, alive)) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException e) {
          // Published, or swept by another process, since it was listed.
        }
      }
    }
  }

  private boolean isLeftover(Path file, Instant limit, Map<String, Boolean> alive)
      throws IOException {
    String id = Sessions.idOf(file);
    if (id != null) {
      Boolean lives = alive.get(id);
      if (lives == null) {
        lives = sessions.isAlive(id);
        alive.put(id, lives);
      }
      return !lives;
    }
    FileTime changed = (FileTime) Files.getAttribute(file, "unix:ctime", LinkOption.NOFOLLOW_LINKS);
    return changed.toInstant().isBefore(limit);
  }

  @Override
  public void close() throws IOException {
    closed = true;
    for (Path path : live) {
      release(path);
    }
  }
}
