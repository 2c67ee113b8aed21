package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The processes that use a store, each by the file of its {@link Session}. Stateless. */
public final class Sessions {
  private static final Pattern ID = Pattern.compile("s[0-9a-f]{16}");

  private final Posix posix;
  private final Path folder;

  Sessions(Posix posix, Path folder) {
    this.posix = posix;
    this.folder = folder;
  }

  Session open() throws IOException {
    return Session.open(posix, folder);
  }

  /** The session that a temporary file is of, or null where its name tells none. */
  static @Nullable String idOf(Path file) {
    String name = String.valueOf(file.getFileName());
    String id = name.substring(0, Math.max(0, name.indexOf('-')));
    return isId(id) ? id : null;
  }

  static boolean isId(String text) {
    return ID.matcher(text).matches();
  }

  /**
   * The trees that processes say to be using. Who takes a lease meanwhile may be left out, unless
   * the caller holds the store's lock alone.
   *
   * @throws IOException when that cannot be told: then nothing may be taken away
   */
  public Set<Digest> roots() throws IOException {
    Set<Digest> roots = new HashSet<>();
    for (Path file : list()) {
      if (isAlive(file)) {
        try {
          addRoots(Files.readAllBytes(file), roots);
        } catch (NoSuchFileException e) {
          // It has just ended.
        }
      }
    }
    return roots;
  }

  private static void addRoots(byte[] records, Set<Digest> roots) {
    for (int at = 0; at + Session.RECORD <= records.length; at += Session.RECORD) {
      int length = 0;
      while (length < Session.RECORD && records[at + length] != 0) {
        length++;
      }
      if (length > 0) {
        try {
          roots.add(Digest.parse(new String(records, at, length, StandardCharsets.US_ASCII)));
        } catch (InvalidDigestException e) {
          // A record that is being erased: whoever writes one holds the store's lock.
        }
      }
    }
  }

  /** Whether the process of this session lives. */
  boolean isAlive(String id) throws IOException {
    return isAlive(folder.resolve(id));
  }

  /** Removes the files of those that have died. */
  void sweep() throws IOException {
    for (Path file : list()) {
      if (!isAlive(file)) {
        Files.deleteIfExists(file);
      }
    }
    sweepUnseen();
  }

  /** Those whose process died just when it made them: by age, as they are not locked at first. */
  private void sweepUnseen() throws IOException {
    Instant limit = Instant.now().minus(1, ChronoUnit.HOURS);
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder, ".s*")) {
      for (Path file : stream) {
        if (Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS)
            .toInstant()
            .isBefore(limit)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // There are none, or another process sweeps too.
    }
  }

  private boolean isAlive(Path file) throws IOException {
    int fd = posix.open(file, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0);
    if (fd == -Errnos.ENOENT) {
      return false;
    }
    Posix.check(fd, "open " + file);
    int result = posix.flock(fd, Posix.LOCK_SH | Posix.LOCK_NB);
    posix.close(fd);
    return result != 0;
  }

  private Set<Path> list() throws IOException {
    Set<Path> files = new HashSet<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
      for (Path file : stream) {
        if (isId(String.valueOf(file.getFileName()))) {
          files.add(file);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return Set.of();
    }
    return files;
  }
}
