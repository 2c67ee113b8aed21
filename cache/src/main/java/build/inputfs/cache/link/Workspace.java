package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of this process's own, on the disk where its trees are: trees are made in it, and those
 * that are no longer wanted are renamed into it at once and deleted in the background.
 *
 * <p>The folder is locked, by flock(2), as long as its process lives. One that is not locked was
 * left by a process that was killed: opening another workspace beside it removes it. Thread-safe.
 * Closing waits for what is being deleted.
 */
final class Workspace implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Workspace.class);
  private static final String PREFIX = "trees-";
  private static final Set<PosixFilePermission> PRIVATE =
      PosixFilePermissions.fromString("rwx--x--x");
  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;

  private final Posix posix;
  private final TreeRemover remover;
  private final TreeCloner cloner;
  private final Path folder;
  private final int lock;
  private final AtomicLong numbers = new AtomicLong();
  private final ExecutorService background =
      Executors.newSingleThreadExecutor(
          Thread.ofPlatform().daemon().name("remove trees").factory());

  private Workspace(Posix posix, TreeRemover remover, TreeCloner cloner, Path folder, int lock) {
    this.posix = posix;
    this.remover = remover;
    this.cloner = cloner;
    this.folder = folder;
    this.lock = lock;
  }

  /** Makes one in {@code parent}, an existing folder, and removes those that were left there. */
  static Workspace open(Posix posix, TreeRemover remover, TreeCloner cloner, Path parent)
      throws IOException {
    sweep(posix, remover, parent);
    while (true) {
      Path folder = Files.createTempDirectory(parent, PREFIX);
      int fd = posix.open(folder, OPEN, 0);
      if (fd == -Errnos.ENOENT) {
        continue; // another process took it for a leftover, in the moment before it is locked
      }
      Posix.check(fd, "open " + folder);
      FileStat mine = new FileStat();
      FileStat there = new FileStat();
      if (posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB) == 0
          && posix.fstat(fd, mine) == 0
          && posix.lstat(folder, there) == 0
          && mine.ino() == there.ino()) {
        Files.setPosixFilePermissions(folder, PRIVATE);
        return new Workspace(posix, remover, cloner, folder, fd);
      }
      posix.close(fd);
    }
  }

  private static void sweep(Posix posix, TreeRemover remover, Path parent) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(parent, PREFIX + "*")) {
      for (Path left : folders) {
        int fd = posix.open(left, OPEN, 0);
        if (fd < 0) {
          continue; // another process removes it
        }
        try {
          if (posix.flock(fd, Posix.LOCK_EX | Posix.LOCK_NB) == 0) {
            remover.remove(left);
          }
        } catch (IOException e) {
          log.warn("cannot remove {}, which another process has left: {}", left, e.getMessage());
        } finally {
          posix.close(fd);
        }
      }
    }
  }

  /** How trees in it are cloned. */
  TreeCloner cloner() {
    return cloner;
  }

  /** A path in the folder that does not exist. */
  Path newPath() {
    return folder.resolve(Long.toString(numbers.incrementAndGet()));
  }

  /**
   * Takes a tree from where it is, at once, and deletes it later.
   *
   * @throws PosixException with EXDEV when it is on another disk
   */
  void bury(Path tree) throws IOException {
    Path tombstone = newPath();
    int result =
        posix.renameat2(
            Posix.AT_FDCWD,
            tree.toString(),
            Posix.AT_FDCWD,
            tombstone.toString(),
            Posix.RENAME_NOREPLACE);
    Posix.check(result, "rename " + tree);
    delete(tombstone);
  }

  /** Deletes, later, a tree that is in this folder: in one call, where the disk can. */
  void delete(Path tree) {
    background.execute(
        () -> {
          try {
            if (cloner.destroy(tree) != 0) {
              remover.remove(tree);
            }
          } catch (IOException | RuntimeException e) {
            log.warn("left behind in {}: {}", tree, e.getMessage());
          }
        });
  }

  @Override
  public void close() throws IOException {
    background.close();
    try {
      remover.remove(folder);
    } finally {
      posix.close(lock);
    }
  }
}
