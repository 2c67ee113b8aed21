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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A folder of files that are being written and have not been published yet.
 *
 * <p>The folder may be shared by several processes. A name that was given out is owned by the
 * caller, who moves the file away or deletes it, and then {@link #release}s the name; {@link
 * #close} deletes what is left of this object's own. What a crash leaves is swept a day later, by
 * the time of the inode's last change: no file that lives is written for so long. Thread-safe.
 */
final class TemporaryFiles implements AutoCloseable {
  private static final Duration LEFTOVER_AGE = Duration.ofDays(1);

  private final Path folder;
  private final Set<Path> live = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /** Makes the folder at the first {@link #newPath}. */
  TemporaryFiles(Path folder) {
    this.folder = folder;
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
    Path path = folder.resolve(ProcessHandle.current().pid() + "-" + Long.toHexString(random));
    live.add(path);
    return path;
  }

  /** Gives a path back; the file, if it is still there, is deleted. */
  void release(Path path) throws IOException {
    live.remove(path);
    Files.deleteIfExists(path);
  }

  /** Deletes what crashed processes have left. Another process may be sweeping too. */
  void sweep(Instant now) throws IOException {
    if (!Files.isDirectory(folder)) {
      return;
    }
    Instant limit = now.minus(LEFTOVER_AGE);
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        try {
          FileTime changed =
              (FileTime) Files.getAttribute(file, "unix:ctime", LinkOption.NOFOLLOW_LINKS);
          if (changed.toInstant().isBefore(limit)) {
            Files.deleteIfExists(file);
          }
        } catch (NoSuchFileException e) {
          // Published, or swept by another process, since it was listed.
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    for (Path path : live) {
      release(path);
    }
  }
}
