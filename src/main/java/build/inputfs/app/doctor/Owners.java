package build.inputfs.app.doctor;

import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether the processes live that made mounts, by the locks that they keep. Looks at each
 * folder once. For one thread.
 */
final class Owners {
  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;

  private final Posix posix;
  private final MountTable table;
  private final Map<Path, Fate> fates = new HashMap<>();

  Owners(Posix posix, MountTable table) {
    this.posix = posix;
    this.table = table;
  }

  /** The folder whose lock tells about a mount, or null where the mount names none. */
  @Nullable Path folderOf(MountTable.Line line) {
    Path upper = line.upper();
    if (upper != null) {
      return sessionAbove(upper);
    }
    if (!line.isRealTree()) {
      return line.session();
    }
    Path tree = onDisk(line);
    if (tree == null) {
      return null;
    }
    Path session = sessionAbove(tree);
    Path trees = tree.getParent(); // in a folder that is the cache's
    return session != null || trees == null ? session : trees.getParent();
  }

  private static @Nullable Path sessionAbove(Path path) {
    for (Path above = path; above != null; above = above.getParent()) {
      if (SessionFolder.isSession(above)) {
        return above;
      }
    }
    return null;
  }

  /** Where the directory is that a bind mount shows, by the mount of its whole disk. */
  private @Nullable Path onDisk(MountTable.Line line) {
    Path shown = Path.of(line.shown().replaceFirst("//deleted$", ""));
    for (MountTable.Line disk : table.mounts()) {
      Path top = Path.of(disk.shown());
      if (disk.device().equals(line.device()) && !disk.isRealTree() && shown.startsWith(top)) {
        return disk.path().resolve(top.relativize(shown));
      }
    }
    return null;
  }

  /** What became of the process whose folder this is: a session's or a cache's. */
  Fate fate(Path folder) {
    return fates.computeIfAbsent(folder, this::look);
  }

  private Fate look(Path folder) {
    if (SessionFolder.isSession(folder)) {
      try {
        return SessionFolder.isLeftover(posix, folder) ? Fate.DIED : Fate.LIVES;
      } catch (IOException e) {
        return Fate.UNKNOWN;
      }
    }
    return folder.resolve("trees").toFile().isDirectory() ? cache(folder) : Fate.UNKNOWN;
  }

  /** Caches of real trees are locked as a whole. */
  private Fate cache(Path folder) {
    int fd = posix.open(folder, OPEN, 0);
    if (fd < 0) {
      return Fate.UNKNOWN;
    }
    int result = posix.flock(fd, Posix.LOCK_SH | Posix.LOCK_NB);
    posix.close(fd);
    return result == 0 ? Fate.DIED : result == -Errnos.EAGAIN ? Fate.LIVES : Fate.UNKNOWN;
  }
}
