package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.OpenWriters;
import build.inputfs.cas.tree.InputDirectory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;

/**
 * Makes the files of one tree, each by the first way that works: a link to the blob's inode; where
 * that takes no more links, a replica and then links to it; a clone; a copy. Thread-safe.
 *
 * <p>A file whose mode or time is not its blob's gets an inode of its own, and so does one whose
 * blob has another mode than we give blobs: others may put blobs into a store too. An executable
 * that is written here is not left before nobody can have it open for writing, or else running it
 * might fail with ETXTBSY.
 */
final class FileMaker implements AutoCloseable {
  private static final int TYPE_REGULAR = 0100000;
  private static final int ANY_EXECUTE = 0111;
  private static final int OWNER_READ = 0400;
  private static final int UNKNOWN_MODE = -1;

  private final Posix posix;
  private final BlobSource blobs;
  private final Inodes inodes;
  private final OpenWriters writers;
  private final FileCopier copier;
  private final Replicas replicas;
  private final int linkLimit;

  /** The first mechanism that has not turned out to be impossible here. */
  private final AtomicReference<Mechanism> mechanism;

  final LongAdder empty = new LongAdder();
  final LongAdder links = new LongAdder();
  final LongAdder replicated = new LongAdder();
  final LongAdder clones = new LongAdder();
  final LongAdder copies = new LongAdder();
  final LongAdder copiedBytes = new LongAdder();

  /** How long threads have waited for blobs to be fetched, in nanoseconds. */
  final LongAdder waited = new LongAdder();

  /**
   * @param linkLimit how many links an inode of the store may have at most; the disk's own limit
   *     holds too
   */
  FileMaker(Posix posix, BlobSource blobs, Inodes inodes, Mechanism mechanism, int linkLimit) {
    this.posix = posix;
    this.blobs = blobs;
    this.inodes = inodes;
    this.writers = new OpenWriters(posix);
    this.copier = new FileCopier(posix);
    this.replicas = new Replicas(posix);
    this.linkLimit = linkLimit;
    this.mechanism = new AtomicReference<>(mechanism);
  }

  /**
   * Makes entry {@code i} of {@code input}, a file.
   *
   * @param directory a descriptor of the directory to make it in, where there is no such name
   * @param what the file's path in the tree, for messages
   */
  void make(int directory, String name, InputDirectory input, int i, String what)
      throws IOException {
    boolean executable = input.executable(i);
    int standard = executable ? Inodes.EXECUTABLE_MODE : Inodes.FILE_MODE;
    int mode = input.unixMode(i) < 0 ? standard : input.unixMode(i);
    boolean hasMtime = input.hasMtime(i);
    long[] times = Inodes.times(hasMtime, input.mtimeSeconds(i), input.mtimeNanos(i));
    Digest digest = input.digest(i);
    if (digest.isEmpty()) {
      makeEmpty(directory, name, mode, times, what);
    } else if (mode != standard
        || hasMtime
        || mechanism.getPlain() != Mechanism.LINK
        || !link(directory, name, digest, executable, times, what)) {
      makePrivate(directory, name, digest, mode, times, what);
    }
  }

  private Path locate(Digest digest, boolean executable) throws IOException {
    long before = blobs.waitedNanos();
    try {
      return blobs.locate(digest, executable);
    } finally {
      waited.add(blobs.waitedNanos() - before);
    }
  }

  private void makeEmpty(int directory, String name, int mode, long[] times, String what)
      throws IOException {
    // No descriptor is ever open for writing on it, so it can be run at once.
    Posix.check(posix.mknodat(directory, name, TYPE_REGULAR | (mode & 0777)), "create " + what);
    inodes.finish(directory, name, times, what);
    if (!inodes.isCreatedWith(mode)) {
      Posix.check(posix.chmodat(directory, name, mode), "chmod " + what);
    }
    empty.increment();
  }

  /** Makes a link, or returns false when the file needs an inode of its own. */
  private boolean link(
      int directory, String name, Digest digest, boolean executable, long[] times, String what)
      throws IOException {
    int mode = executable ? Inodes.EXECUTABLE_MODE : Inodes.FILE_MODE;
    Path source = locate(digest, executable);
    FileStat stat = new FileStat();
    Posix.check(posix.lstat(source, stat), "stat " + source);
    if (stat.mode() != (TYPE_REGULAR | mode)) {
      return false;
    }
    int result =
        stat.nlink() >= linkLimit
            ? -Errnos.EMLINK
            : posix.linkat(Posix.AT_FDCWD, source.toString(), directory, name, 0);
    if (result == -Errnos.EMLINK) {
      if (!replicas.link(digest, executable, directory, name, linkLimit)) {
        makePrivate(directory, name, digest, mode, times, what);
        replicated.increment();
        replicas.add(digest, executable, directory, name);
        return true;
      }
    } else if (isImpossible(result)) {
      mechanism.compareAndSet(Mechanism.LINK, Mechanism.CLONE);
      return false;
    } else {
      Posix.check(result, "link " + source + " to " + what);
    }
    links.increment();
    return true;
  }

  private void makePrivate(
      int directory, String name, Digest digest, int mode, long[] times, String what)
      throws IOException {
    Path source = locate(digest, false);
    int in = Posix.check(posix.open(source, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0), "open " + what);
    try {
      boolean executable = (mode & ANY_EXECUTE) != 0;
      if (cloneWhole(in, directory, name, mode, times, what)) {
        return;
      }
      int made = (mode | (executable ? OWNER_READ : 0)) & 0777;
      int flags = Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL | Posix.O_NOFOLLOW;
      int out = Posix.check(posix.openat(directory, name, flags, made), "create " + what);
      try {
        fill(in, out, digest, what);
        if (executable) {
          out = exchange(out, directory, name, what);
          writers.awaitNone(out, what);
        }
        inodes.finish(out, made, mode, times, what);
      } finally {
        posix.close(out);
      }
    } finally {
      posix.close(in);
    }
  }

  /**
   * Makes the file by a call that clones a file into a new one, where this system has that; returns
   * false, with nothing made, where it has not, or the disk cannot. Nobody ever has the clone open
   * for writing.
   */
  private boolean cloneWhole(
      int in, int directory, String name, int mode, long[] times, String what) throws IOException {
    if (mechanism.getPlain() == Mechanism.COPY) {
      return false;
    }
    int result = posix.cloneAs(in, directory, name);
    if (isImpossible(result)) {
      return false; // the next call that clones finds out too, and then no more is tried
    }
    Posix.check(result, "clone " + what);
    int flags = Posix.O_RDONLY | Posix.O_NOFOLLOW;
    int fd = Posix.check(posix.openat(directory, name, flags, 0), "open " + what);
    try {
      inodes.finish(fd, UNKNOWN_MODE, mode, times, what);
    } finally {
      posix.close(fd);
    }
    clones.increment();
    return true;
  }

  /** Opens a file for reading and closes the descriptor that was open for writing. */
  private int exchange(int out, int directory, String name, String what) throws IOException {
    int reader = posix.openat(directory, name, Posix.O_RDONLY | Posix.O_NOFOLLOW, 0);
    if (reader < 0) {
      throw new PosixException("open " + what, -reader);
    }
    posix.close(out);
    return reader;
  }

  private void fill(int in, int out, Digest digest, String what) throws IOException {
    if (mechanism.getPlain() != Mechanism.COPY) {
      int result = posix.reflink(in, out);
      if (result == 0) {
        clones.increment();
        return;
      }
      if (!isImpossible(result)) {
        throw new PosixException("clone " + what, -result);
      }
      if (mechanism.getPlain() == Mechanism.CLONE) {
        mechanism.set(Mechanism.COPY);
      }
    }
    copier.copy(in, out, digest, what);
    copies.increment();
    copiedBytes.add(digest.size());
  }

  /** Whether a result of linkat(2) or FICLONE means that it will never work between these disks. */
  private static boolean isImpossible(int result) {
    int errno = -result;
    return errno == Errnos.EXDEV
        || errno == Errnos.EPERM
        || errno == Errnos.EOPNOTSUPP
        || errno == Errnos.ENOTSUP
        || errno == Errnos.EINVAL
        || errno == Errnos.ENOSYS
        || errno == Errnos.ENOTTY;
  }

  @Override
  public void close() {
    replicas.close();
  }
}
