package build.inputfs.cache.link;

import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Moves what is in one directory to another on the same disk: one rename for each name, whatever is
 * below. Stateless.
 */
final class TreeMover {
  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;
  private static final int PERMISSIONS = 07777;

  private final Posix posix;

  TreeMover(Posix posix) {
    this.posix = posix;
  }

  /**
   * Moves as much as the disk allows; names that are there already are taken over.
   *
   * @return 0 when all was moved, else what one of the renames said
   */
  int moveContents(Path from, Path to) throws IOException {
    int source = Posix.check(posix.open(from, OPEN, 0), "open " + from);
    try {
      int target = Posix.check(posix.open(to, OPEN, 0), "open " + to);
      try (Arena arena = Arena.ofConfined()) {
        int failure = 0;
        for (MemorySegment name : names(source, arena)) {
          int result = posix.rename(source, name.address(), target, name.address());
          failure = result < 0 ? result : failure;
        }
        return failure;
      } finally {
        posix.close(target);
      }
    } finally {
      posix.close(source);
    }
  }

  /** All names, before the first of them goes. */
  private List<MemorySegment> names(int directory, Arena arena) throws IOException {
    List<MemorySegment> names = new ArrayList<>();
    try (Dirents entries = new Dirents(posix)) {
      while (entries.next(directory)) {
        names.add(entries.copyName(arena));
      }
    }
    return names;
  }

  /**
   * Moves a tree: {@code to}, an empty directory, gets the owner, mode and time of {@code from}
   * too.
   *
   * @return 0, or what one of the renames said; the rest was moved then
   */
  int moveTree(Path from, Path to) throws IOException {
    FileStat root = new FileStat();
    Posix.check(posix.lstat(from, root), "stat " + from);
    int result = moveContents(from, to);
    if (result == 0) {
      int fd = Posix.check(posix.open(to, OPEN, 0), "open " + to);
      try {
        FileStat own = new FileStat();
        Posix.check(posix.fstat(fd, own), "stat " + to);
        if (own.uid() != root.uid() || own.gid() != root.gid()) {
          Posix.check(posix.fchown(fd, root.uid(), root.gid()), "chown " + to);
        }
        Posix.check(posix.fchmod(fd, root.mode() & PERMISSIONS), "chmod " + to);
        long[] times = {0, Posix.UTIME_OMIT, root.mtimeSeconds(), root.mtimeNanos()};
        Posix.check(posix.futimens(fd, times), "set the times of " + to);
      } finally {
        posix.close(fd);
      }
    }
    return result;
  }

  /** Whether nothing is in a directory. */
  boolean isEmpty(Path directory) throws IOException {
    int fd = Posix.check(posix.open(directory, OPEN, 0), "open " + directory);
    try (Dirents entries = new Dirents(posix)) {
      return !entries.next(fd);
    } finally {
      posix.close(fd);
    }
  }
}
