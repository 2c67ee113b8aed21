package build.inputfs.fuse.jnr;

import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.Status;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Finds the nodes that paths lead to. Each name is looked up in the filesystem once and remembered
 * under its directory, so that a rename moves all that is known below it by moving one entry.
 *
 * <p>A file that is removed while it is open the library keeps under another name, which begins
 * with {@code .fuse_hidden} and which it removes after the last close. Such names are known here
 * alone: in the filesystem the file is without a name at once, as on any disk.
 *
 * <p>Any thread may call any method at any time. A name that is looked up while another thread
 * changes the directory is not remembered, but looked up again, so what was found before a change
 * is never remembered after it.
 */
final class PathTree {
  private static final byte[] HIDDEN = ".fuse_hidden".getBytes(StandardCharsets.US_ASCII);
  private static final int HIDDEN_DIGITS = 16;
  private static final int LONGEST_NAME = 255;

  private final FileSystem fs;
  private final int limit;
  private final @Nullable NameFolding folding;
  private final Place root = new Place(FileSystem.ROOT, true);
  private final Map<Name, Place> hidden = new ConcurrentHashMap<>();
  private final AtomicInteger files = new AtomicInteger();
  private final AtomicBoolean shrinking = new AtomicBoolean();

  /**
   * @param limit of how many names that are no directories are remembered
   * @param ignoringCase whether names are found that differ in the case of their letters
   */
  PathTree(FileSystem fs, int limit, boolean ignoringCase) {
    this.fs = fs;
    this.limit = limit;
    this.folding = ignoringCase ? new NameFolding(fs) : null;
  }

  /** What {@link #find} has found. One per thread, used again and again. */
  static final class Found {
    final Entry entry = new Entry();
    @Nullable Place place;

    /** The place that was found, which is used until {@link PathTree#done}. */
    Place place() {
      if (place == null) {
        throw new IllegalStateException("nothing was found");
      }
      return place;
    }
  }

  /** Finds all of {@code path}. After {@link Status#OK} the place is used. */
  Status find(byte[] path, Found out) {
    return find(path, path.length, out);
  }

  /** Finds the directory that has the last name of {@code path}. */
  Status findParent(byte[] path, Found out) {
    return find(path, lastSlash(path), out);
  }

  /** The last name of a path. */
  static Name lastName(byte[] path) {
    return new Name(path, lastSlash(path) + 1, path.length);
  }

  /**
   * How a name that exists is written in a directory, where case is ignored and it is written
   * otherwise; else the same name.
   */
  Name written(Place directory, Name name) {
    if (folding == null || directory.children.containsKey(name)) {
      return name;
    }
    Name other = folding.find(directory.node, name);
    return other == null ? name : other;
  }

  private static int lastSlash(byte[] path) {
    int at = path.length - 1;
    while (at > 0 && path[at] != '/') {
      at--;
    }
    return at;
  }

  private Status find(byte[] path, int end, Found out) {
    while (true) {
      Place place = root;
      int start = 1;
      while (start < end) {
        int stop = start;
        while (stop < end && path[stop] != '/') {
          stop++;
        }
        Name name = new Name(path, start, stop);
        Place next = stop == end ? hidden.get(name) : null;
        if (next == null) {
          next = place.children.get(name);
        }
        if (next == null) {
          Status status = lookup(place, name, out);
          Name other = status == Status.NOT_FOUND ? written(place, name) : name;
          if (!other.equals(name)) {
            status = lookup(place, other, out);
          }
          if (status != Status.OK) {
            return status;
          }
          next = out.place();
        }
        place = next;
        start = stop + 1;
      }
      if (place.use()) {
        out.place = place;
        return Status.OK;
      }
      // It was dropped between finding and using it: nobody finds it now.
    }
  }

  private Status lookup(Place parent, Name name, Found out) {
    if (name.bytes.length > LONGEST_NAME) {
      return Status.NAME_TOO_LONG; // of the filesystems on disk; the kernel lets a page through
    }
    while (true) {
      long before;
      synchronized (parent) {
        before = parent.changes;
      }
      Status status = fs.lookup(parent.node, name.bytes, out.entry);
      if (status != Status.OK) {
        return status;
      }
      @Nullable Place made = place(out.entry);
      synchronized (parent) {
        if (parent.changes == before) {
          Place other = parent.children.putIfAbsent(name, made);
          out.place = other == null ? made : other;
          made = other == null ? null : made;
        } else {
          out.place = null;
        }
      }
      if (made != null) {
        fs.forget(made.node, 1);
      } else {
        remembered(out.place());
      }
      if (out.place != null) {
        return Status.OK;
      }
    }
  }

  private static Place place(Entry entry) {
    return new Place(entry.node, (entry.attributes.mode & FileType.MASK) == FileType.DIRECTORY);
  }

  /** Ends the use of what was found. */
  void done(Found found) {
    done(found.place());
  }

  void done(Place place) {
    if (place.done()) {
      fs.forget(place.node, 1);
    }
  }

  /**
   * A name was made in a directory: the entry's lookup is taken over.
   *
   * @return its place, which is used
   */
  Place added(Place parent, Name name, Entry entry) {
    Place made = place(entry);
    made.use();
    Place replaced;
    synchronized (parent) {
      parent.changes++;
      replaced = parent.children.put(name, made);
    }
    remembered(made);
    takeOut(replaced);
    return made;
  }

  /** A name was removed from a directory. */
  void removed(Place parent, Name name) {
    takeOut(take(parent, name));
  }

  /** A name was given to what another name meant. */
  void renamed(Place parent, Name name, Place newParent, Name newName) {
    Place replaced = take(newParent, newName);
    Place moved = take(parent, name);
    takeOut(replaced);
    if (moved != null) {
      synchronized (newParent) {
        newParent.changes++;
        replaced = newParent.children.put(newName, moved);
      }
      if (!moved.directory) {
        files.incrementAndGet();
      }
      takeOut(replaced);
    }
  }

  private @Nullable Place take(Place parent, Name name) {
    Place taken;
    synchronized (parent) {
      parent.changes++;
      taken = parent.children.remove(name);
    }
    if (taken != null && !taken.directory) {
      files.decrementAndGet();
    }
    return taken;
  }

  private void takeOut(@Nullable Place place) {
    if (place == null) {
      return;
    }
    place.children.values().forEach(this::takeOut);
    if (place.takeOut()) {
      fs.forget(place.node, 1);
    }
  }

  // Files that were removed while they are open

  /** Whether the library has made this name for a file that is removed while it is open. */
  static boolean isHidden(Name name) {
    byte[] bytes = name.bytes;
    return bytes.length == HIDDEN.length + HIDDEN_DIGITS
        && Arrays.equals(bytes, 0, HIDDEN.length, HIDDEN, 0, HIDDEN.length);
  }

  /** What {@code name} meant was removed, and is known as {@code alias} from now on. */
  void hid(Place parent, Name name, Name alias) {
    Place removed = take(parent, name);
    if (removed != null) {
      takeOut(hidden.put(alias, removed));
    }
  }

  /** Forgets a file that was hidden: whether there was one. */
  boolean unhid(Name alias) {
    Place place = hidden.remove(alias);
    takeOut(place);
    return place != null;
  }

  // The limit

  private void remembered(Place place) {
    if (!place.directory
        && files.incrementAndGet() > limit
        && shrinking.compareAndSet(false, true)) {
      try {
        shrink(root);
      } finally {
        shrinking.set(false);
      }
    }
  }

  /** Drops all files that nobody uses. Directories stay: there are few, and paths lead through. */
  private void shrink(Place directory) {
    directory
        .children
        .entrySet()
        .removeIf(
            entry -> {
              Place place = entry.getValue();
              if (place.directory) {
                shrink(place);
                return false;
              }
              return place.giveBack() && forgotten(place);
            });
  }

  private boolean forgotten(Place place) {
    files.decrementAndGet();
    fs.forget(place.node, 1);
    return true;
  }

  /** How many names that are no directories are remembered. */
  int files() {
    return files.get();
  }
}
