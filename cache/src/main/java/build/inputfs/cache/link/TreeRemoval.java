package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One removal of what is in a directory, by all threads of a {@link TreeWalk}. Whoever finishes the
 * last subdirectory of a directory removes that directory. For one use.
 */
final class TreeRemoval {
  /** Directories that are open on the way down; what lies deeper is moved to the top. */
  private static final int MAX_DEPTH = 48;

  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;
  private static final int ALL_OF_OWNER = 0700;

  private final Posix posix;
  private final TreeWalk walk;
  private final Arena names;
  private final AtomicInteger moved = new AtomicInteger();

  /**
   * @param names holds the names of directories; closed after {@link #run}
   */
  TreeRemoval(Posix posix, TreeWalk walk, Arena names) {
    this.posix = posix;
    this.walk = walk;
    this.names = names;
  }

  /** A directory that is being emptied. Its descriptor is closed when it is finished. */
  private static final class Place {
    final int fd;
    final @Nullable Place parent;
    final MemorySegment name;
    final int depth;
    final AtomicInteger unfinished = new AtomicInteger(1);
    volatile boolean stays;

    Place(int fd, @Nullable Place parent, MemorySegment name) {
      this.fd = fd;
      this.parent = parent;
      this.name = name;
      this.depth = parent == null ? 0 : parent.depth + 1;
    }

    Place top() {
      return parent == null ? this : parent.top();
    }

    @Override
    public String toString() {
      return parent == null ? name.getString(0) : parent + "/" + name.getString(0);
    }
  }

  /** Removes what is in the directory {@code name}, which stays. */
  void run(int directory, MemorySegment name) throws IOException {
    int fd = Posix.check(open(directory, name), "open " + name.getString(0));
    walk.run(nested -> empty(new Place(fd, null, name), nested));
  }

  private void empty(Place place, int nested) {
    try {
      for (MemorySegment name : removeFiles(place)) {
        if (!walk.isStopped()) {
          descend(place, name, nested);
        }
      }
    } catch (IOException e) {
      keep(place, e);
    } finally {
      finish(place);
    }
  }

  /** Removes all but directories, whose names are returned. */
  private List<MemorySegment> removeFiles(Place place) throws IOException {
    List<MemorySegment> directories = new ArrayList<>();
    try (Dirents entries = new Dirents(posix)) {
      while (!walk.isStopped() && entries.next(place.fd)) {
        int result =
            entries.type() == Dirents.DIRECTORY
                ? -Errnos.EISDIR
                : posix.unlinkat(place.fd, entries.nameAddress(), 0);
        if (result == -Errnos.EISDIR) {
          directories.add(entries.copyName(names));
        } else if (result < 0 && result != -Errnos.ENOENT) {
          keep(place, failure("unlink", place, entries.copyName(names), result));
        }
      }
    }
    return directories;
  }

  private void descend(Place place, MemorySegment name, int nested) throws IOException {
    Place parent = place;
    MemorySegment at = name;
    if (place.depth >= MAX_DEPTH) {
      // Nobody else is in this tree, so that the name is free, or belongs to a leftover.
      Place top = place.top();
      String free = ".deep-" + ProcessHandle.current().pid() + "-" + moved.incrementAndGet();
      int flags = Posix.RENAME_NOREPLACE;
      int result = posix.renameat2(place.fd, name.address(), top.fd, free, flags);
      if (result == -Errnos.EACCES) {
        unlock(place.fd, name);
        result = posix.renameat2(place.fd, name.address(), top.fd, free, flags);
      }
      if (result < 0) {
        keep(place, failure("rename", place, name, result));
        return;
      }
      parent = top;
      at = names.allocateFrom(free);
    }
    int fd = open(parent.fd, at);
    if (fd < 0) {
      keep(parent, failure("open", parent, at, fd));
      return;
    }
    parent.unfinished.incrementAndGet();
    Place child = new Place(fd, parent, at);
    walk.dispatch(within -> empty(child, within), nested);
  }

  private int open(int directory, MemorySegment name) {
    int fd = posix.openat(directory, name.address(), OPEN);
    if (fd == -Errnos.EACCES) {
      unlock(directory, name);
      fd = posix.openat(directory, name.address(), OPEN);
    }
    return fd;
  }

  /**
   * Lets a directory's owner in, without following a symlink; where that fails so will the rest.
   */
  private void unlock(int directory, MemorySegment name) {
    var _ = posix.chmodDirectory(directory, name.address(), ALL_OF_OWNER);
  }

  /** One thing less is to be done in a directory; when it was the last, the directory goes. */
  private void finish(Place last) {
    Place place = last;
    while (place != null && place.unfinished.decrementAndGet() == 0) {
      posix.close(place.fd);
      Place parent = place.parent;
      if (parent != null) {
        if (place.stays || walk.isStopped()) {
          parent.stays = true;
        } else {
          int result = posix.unlinkat(parent.fd, place.name.address(), Posix.AT_REMOVEDIR);
          if (result < 0 && result != -Errnos.ENOENT) {
            keep(parent, failure("rmdir", parent, place.name, result));
          }
        }
      }
      place = parent;
    }
  }

  private void keep(Place place, IOException reason) {
    place.stays = true;
    walk.note(reason);
  }

  private static PosixException failure(String call, Place place, MemorySegment name, int result) {
    return new PosixException(call + " " + place + "/" + name.getString(0), -result);
  }
}
