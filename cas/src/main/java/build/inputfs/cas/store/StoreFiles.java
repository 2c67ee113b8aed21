package build.inputfs.cas.store;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Where the files of a store are, and how they leave it. Thread-safe: it holds no state.
 *
 * <p>What is to go is renamed into a folder of tombstones first, which is quick and happens at once
 * for all who look, and is deleted later.
 */
public final class StoreFiles {
  private final Path root;
  private final Path own;
  private final Posix posix;

  /**
   * @param root the store's folder, absolute
   * @param own the folder for what is inputfs's alone, absolute
   */
  StoreFiles(Path root, Path own, Posix posix) {
    this.root = root;
    this.own = own;
    this.posix = posix;
  }

  /** The files of a store that is written, whose own folder is in it. */
  public static StoreFiles in(Path root, Posix posix) {
    Path absolute = root.toAbsolutePath().normalize();
    return new StoreFiles(absolute, absolute.resolve("inputfs"), posix);
  }

  /** The store's folder, absolute. */
  public Path root() {
    return root;
  }

  /** The folder of what is inputfs's alone. */
  public Path own() {
    return own;
  }

  /** The blobs, by hash. */
  public Fanout blobs() {
    return new Fanout(root.resolve("cas"));
  }

  /** The results of actions, by the action's hash. */
  public Fanout results() {
    return new Fanout(root.resolve("ac"));
  }

  /** The executable variants of blobs, by the blob's hash. */
  public Fanout variants() {
    return new Fanout(own.resolve("exec"));
  }

  /** What is being written. */
  public Path temporaries() {
    return own.resolve("tmp");
  }

  /** What processes were writing that died; the next one that opens the store deletes it. */
  public List<Path> leftovers() throws IOException {
    List<Path> left = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(temporaries())) {
      for (Path file : stream) {
        String id = Sessions.idOf(file);
        if (id != null && !sessions().isAlive(id)) {
          left.add(file);
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // There is none.
    }
    return left;
  }

  /** What is being deleted. */
  public Path tombstones() {
    return own.resolve("tombs");
  }

  /** What was found to be wrong. */
  public Path quarantine() {
    return own.resolve("quarantine");
  }

  /** The processes that use the store. */
  public Sessions sessions() {
    return new Sessions(posix, own.resolve("users"));
  }

  /** The lock between processes. */
  public StoreLock lock() {
    return new StoreLock(posix, root);
  }

  /**
   * Renames a file into the folder of tombstones. On a disk that is so full that this is refused it
   * is deleted right away.
   *
   * @return its new path, for the caller to delete; null when there was no such file, or it is
   *     deleted
   */
  public @Nullable Path bury(Path file) throws IOException {
    Path tombstone = tombstones().resolve(randomName());
    int result = rename(file, tombstone);
    if (result == -Errnos.ENOENT && !Files.isDirectory(tombstones())) {
      try {
        Files.createDirectories(tombstones());
        result = rename(file, tombstone);
      } catch (IOException e) {
        result = -Errnos.ENOSPC;
      }
    }
    if (result == -Errnos.ENOSPC || result == -Errnos.EDQUOT) {
      result = posix.unlinkat(Posix.AT_FDCWD, file.toString(), 0);
      if (result == 0) {
        return null;
      }
    }
    if (result == -Errnos.ENOENT || result == -Errnos.ENOTDIR) {
      return null;
    }
    Posix.check(result, "rename " + file + " to " + tombstone);
    return tombstone;
  }

  /**
   * Moves a file that is wrong into the quarantine.
   *
   * @return its new path, or null when it is not there any more
   */
  public @Nullable Path quarantine(Path file) throws IOException {
    Files.createDirectories(quarantine());
    Path place = quarantine().resolve(file.getFileName() + "-" + randomName());
    int result = rename(file, place);
    if (result == -Errnos.ENOENT) {
      return null;
    }
    Posix.check(result, "rename " + file + " to " + place);
    return place;
  }

  private int rename(Path from, Path to) {
    return posix.renameat2(
        Posix.AT_FDCWD, from.toString(), Posix.AT_FDCWD, to.toString(), Posix.RENAME_NOREPLACE);
  }

  private static String randomName() {
    return Long.toHexString(ThreadLocalRandom.current().nextLong());
  }
}
