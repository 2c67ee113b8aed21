package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * Makes real trees of input trees: each file by the first of the {@link Mechanism}s that works.
 *
 * <p>A tree is made by several threads, which share its subtrees. Two trees may be made at the same
 * time, by any threads. Modes, times and owners are those of a view; a hard link alone has its
 * blob's times and owner. Owns its threads until {@link #close}.
 */
public final class Materializer implements Metered, AutoCloseable {
  /** Leaves it to the disk how many links an inode takes. */
  public static final int DISK_LINK_LIMIT = Integer.MAX_VALUE;

  private final Posix posix;
  private final BlobSource blobs;
  private final TreeReader trees;
  private final TreeRemover remover;
  private final int linkLimit;
  private final ForkJoinPool pool;
  private final LongAdder links = new LongAdder();
  private final LongAdder clones = new LongAdder();
  private final LongAdder copies = new LongAdder();
  private final LongAdder copiedBytes = new LongAdder();

  /**
   * @param blobs where the files' contents are
   * @param trees decodes directories
   * @param remover takes away what was made of a tree that failed
   * @param threads how many threads make trees
   * @param linkLimit how many links an inode of the store may have: {@link #DISK_LINK_LIMIT}, or
   *     less to try what happens when there are too many
   */
  public Materializer(
      Posix posix,
      BlobSource blobs,
      TreeReader trees,
      TreeRemover remover,
      int threads,
      int linkLimit) {
    this.posix = posix;
    this.blobs = blobs;
    this.trees = trees;
    this.remover = remover;
    this.linkLimit = linkLimit;
    this.pool = new ForkJoinPool(threads);
  }

  /**
   * Makes the tree of {@code root} at {@code destination}: a path that does not exist, or an empty
   * directory, which becomes the tree's root.
   *
   * @throws TreeFailureException when the store lacks something of the tree
   * @throws IOException when the disk refuses, {@code destination} is something else or the calling
   *     thread is interrupted. What was made is gone then, and {@code destination} as it was.
   */
  public TreeCounts materialize(
      Digest root, Path destination, TreeOptions options, TreeListener listener)
      throws IOException {
    return materialize(root, destination, options, listener, TreeMaker.Joints.NONE);
  }

  TreeCounts materialize(
      Digest root,
      Path destination,
      TreeOptions options,
      TreeListener listener,
      TreeMaker.Joints joints)
      throws IOException {
    String path = destination.toString();
    int made = posix.mkdirat(Posix.AT_FDCWD, path, Inodes.DIRECTORY_MODE);
    if (made != -Errnos.EEXIST) {
      Posix.check(made, "mkdir " + path);
    }
    try (Lease _ = blobs.expectAll(root)) {
      int flags = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;
      int fd = Posix.check(posix.open(destination, flags, 0), "open " + path);
      if (made != 0) {
        requireEmpty(fd, destination);
      }
      Inodes inodes = new Inodes(posix, options);
      try (FileMaker files = new FileMaker(posix, blobs, inodes, options.mechanism(), linkLimit)) {
        TreeWalk walk = new TreeWalk(pool);
        TreeMaker maker =
            new TreeMaker(
                posix, trees, walk, inodes, files, listener, joints, TreeMaker.MAX_ENTRIES);
        // A directory that was there before has a mode of its own.
        maker.make(root, fd, made == 0 ? Inodes.DIRECTORY_MODE : -1);
        return counted(maker.counts());
      }
    } catch (NotEmptyException e) {
      throw e;
    } catch (IOException | RuntimeException | Error e) {
      undo(destination, made == 0, e);
      throw e;
    }
  }

  private TreeCounts counted(TreeCounts counts) {
    links.add(counts.links());
    clones.add(counts.clones());
    copies.add(counts.copies());
    copiedBytes.add(counts.copiedBytes());
    return counts;
  }

  @Override
  public void meter(Consumer<Reading> to) {
    Reading made = Reading.counter("tree_files", "Files of real trees, by how they were made", 0);
    to.accept(made.with("by", "hardlink").plus(links.sum()));
    to.accept(made.with("by", "clone").plus(clones.sum()));
    to.accept(made.with("by", "copy").plus(copies.sum()));
    to.accept(
        Reading.counter("tree_copied_bytes", "Bytes copied to make real trees", copiedBytes.sum()));
  }

  private void requireEmpty(int fd, Path destination) throws IOException {
    int count = 0;
    try (Dirents entries = new Dirents(posix)) {
      while (entries.next(fd)) {
        count++;
      }
    } catch (IOException e) {
      posix.close(fd);
      throw e;
    }
    if (count > 0) {
      posix.close(fd);
      throw new NotEmptyException(destination + " is not empty: give a new or an empty directory");
    }
  }

  /** Takes away what was made, whether or not this thread is interrupted. */
  private void undo(Path destination, boolean wholly, Throwable failure) {
    boolean interrupted = Thread.interrupted();
    try {
      if (wholly) {
        remover.remove(destination);
      } else {
        remover.empty(destination);
      }
    } catch (IOException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    pool.close();
  }

  private static final class NotEmptyException extends IOException {
    NotEmptyException(String message) {
      super(message);
    }
  }
}
