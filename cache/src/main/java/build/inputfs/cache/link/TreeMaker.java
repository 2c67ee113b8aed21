package build.inputfs.cache.link;

import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.InvalidTreeException;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Makes one tree, by all threads of a {@link TreeWalk}: each directory through a descriptor of its
 * own, so that no path is ever looked up. A directory's times are set when its last entry is in it.
 */
final class TreeMaker {
  /** More entries than any disk holds by mistake: a small message can unfold to any number. */
  static final long MAX_ENTRIES = 20_000_000;

  private static final int OPEN_DIRECTORY = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;

  private final Posix posix;
  private final TreeReader trees;
  private final TreeWalk walk;
  private final Inodes inodes;
  private final FileMaker files;
  private final TreeListener listener;
  private final Joints joints;
  private final long maxEntries;
  private final LongAdder directories = new LongAdder();
  private final LongAdder symlinks = new LongAdder();
  private final LongAdder entries = new LongAdder();

  /** Says which directories are to stay empty, as others will be put in their place. */
  @FunctionalInterface
  interface Joints {
    /** No directory does. */
    Joints NONE = (digest, path) -> false;

    /** Whether this directory, which is not the root, stays empty. Called by any thread. */
    boolean at(Digest digest, String path) throws IOException;
  }

  /**
   * @param maxEntries a tree that has more is not made any further: {@link #MAX_ENTRIES}, or less
   *     to try what happens
   */
  TreeMaker(
      Posix posix,
      TreeReader trees,
      TreeWalk walk,
      Inodes inodes,
      FileMaker files,
      TreeListener listener,
      Joints joints,
      long maxEntries) {
    this.posix = posix;
    this.trees = trees;
    this.walk = walk;
    this.inodes = inodes;
    this.files = files;
    this.listener = listener;
    this.joints = joints;
    this.maxEntries = maxEntries;
  }

  /**
   * Fills the tree's root.
   *
   * @param fd a descriptor of an empty directory, which is closed
   * @param mode the mode that it has
   */
  void make(Digest root, int fd, int mode) throws IOException {
    walk.run(nested -> fill(new Place(fd, mode, root, "", 1), nested));
  }

  TreeCounts counts() {
    return new TreeCounts(
        directories.sum(),
        symlinks.sum(),
        files.empty.sum(),
        files.links.sum(),
        files.replicated.sum(),
        files.clones.sum(),
        files.copies.sum(),
        files.copiedBytes.sum(),
        files.waited.sum());
  }

  /** A directory that was made with {@code mode} and is still empty. Owns its descriptor. */
  private record Place(int fd, int mode, Digest digest, String path, int depth) {
    String of(String name) {
      return path.isEmpty() ? name : path + "/" + name;
    }
  }

  /** Fills a directory and all below it. The last subdirectory takes no call more on the stack. */
  private void fill(Place first, int nested) throws IOException {
    Place next = first;
    while (next != null) {
      Place place = next;
      try {
        next = walk.isStopped() ? null : fillOne(place, nested);
      } finally {
        posix.close(place.fd);
      }
    }
  }

  /** Fills a directory, and returns the last of its subdirectories, which is still to be filled. */
  private @Nullable Place fillOne(Place place, int nested) throws IOException {
    InputDirectory input = read(place);
    Place last = null;
    try {
      for (int i = 0; i < input.size() && !walk.isStopped(); i++) {
        String name = new String(input.name(i), StandardCharsets.UTF_8);
        switch (input.kind(i)) {
          case FILE -> makeFile(place, name, input, i);
          case SYMLINK -> makeSymlink(place, name, input, i);
          case DIRECTORY -> {
            Place child = makeDirectory(place, name, input.digest(i));
            if (child != null) {
              Place ready = last;
              last = child;
              if (ready != null) {
                walk.dispatch(within -> fill(ready, within), nested);
              }
            }
          }
        }
      }
      count(input.size());
      int mode = input.ownUnixMode() < 0 ? Inodes.DIRECTORY_MODE : input.ownUnixMode();
      long[] times =
          Inodes.times(input.hasOwnMtime(), input.ownMtimeSeconds(), input.ownMtimeNanos());
      inodes.finish(place.fd, place.mode, mode, times, place.path);
      directories.increment();
      return last;
    } catch (IOException | RuntimeException | Error e) {
      if (last != null) {
        posix.close(last.fd);
      }
      throw e;
    }
  }

  private InputDirectory read(Place place) throws IOException {
    long waited = trees.waitedNanos();
    try {
      if (place.depth > TreeReader.MAX_DEPTH) {
        throw new InvalidTreeException(
            place.digest, "the tree is more than " + TreeReader.MAX_DEPTH + " levels deep");
      }
      return trees.directory(place.digest);
    } catch (MissingBlobException | DigestMismatchException | InvalidTreeException e) {
      throw failure("read", place.path.isEmpty() ? "." : place.path, place.digest, e);
    } finally {
      files.waited.add(trees.waitedNanos() - waited);
    }
  }

  private void makeFile(Place place, String name, InputDirectory input, int i) throws IOException {
    String path = place.of(name);
    try {
      files.make(place.fd, name, input, i, path);
    } catch (MissingBlobException e) {
      throw failure("materialize", path, e.digest(), e);
    }
    listener.fileMade(input.fileSize(i));
  }

  private void makeSymlink(Place place, String name, InputDirectory input, int i)
      throws IOException {
    String path = place.of(name);
    String target = new String(input.target(i), StandardCharsets.UTF_8);
    Posix.check(posix.symlinkat(target, place.fd, name), "symlink " + path);
    long[] times = Inodes.times(input.hasMtime(i), input.mtimeSeconds(i), input.mtimeNanos(i));
    inodes.finish(place.fd, name, times, path);
    symlinks.increment();
  }

  /** Makes a subdirectory; returns null when it is to stay empty. */
  private @Nullable Place makeDirectory(Place place, String name, Digest digest)
      throws IOException {
    String path = place.of(name);
    Posix.check(posix.mkdirat(place.fd, name, Inodes.DIRECTORY_MODE), "mkdir " + path);
    if (joints.at(digest, path)) {
      return null;
    }
    int fd = Posix.check(posix.openat(place.fd, name, OPEN_DIRECTORY, 0), "open " + path);
    return new Place(fd, Inodes.DIRECTORY_MODE, digest, path, place.depth + 1);
  }

  private void count(int more) throws IOException {
    entries.add(more);
    if (entries.sum() > maxEntries) {
      throw new IOException("the tree has more than " + maxEntries + " entries");
    }
  }

  private static TreeFailureException failure(
      String operation, String path, Digest digest, IOException cause) {
    return new TreeFailureException(ViewFailure.of(operation, path, digest, cause), cause);
  }
}
