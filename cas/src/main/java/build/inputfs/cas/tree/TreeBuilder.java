package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.NodeProperties;
import build.inputfs.cas.store.FileStamp;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.PutMode;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountedCompleter;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Builds a Merkle tree from a directory of the local disk, and puts files and directory messages in
 * the store.
 *
 * <p>Nothing is followed but the directory given; symlinks are taken as they are; a file is
 * executable when its owner may execute it. The same content gives the same digest whatever the
 * order in which the disk lists it. The directory must not change meanwhile: a change that can be
 * noticed is an error.
 *
 * <p>Directories are tasks of a fork-join pool, which works depth first, and the files of a large
 * directory are shared out in batches: what is held in memory is the lists of the directories on
 * the way down, never that of the whole tree, and each thread has two files open at most. An object
 * may be used again, by one thread at a time.
 */
public final class TreeBuilder {
  private static final int BATCH = 32;
  private static final int OWNER_EXECUTES = 0100;
  private static final int PERMISSIONS = 07777;
  private static final int MAX_LINK = 4096;

  private final LocalStore store;
  private final Posix posix;
  private final PutMode mode;
  private final Set<KeptProperty> kept;
  private final ImportListener listener;
  private final int threads;

  /**
   * @param store where everything goes
   * @param mode how files get there
   * @param kept what is recorded as node properties
   * @param listener told of each file
   * @param threads how many files are read and written at the same time
   */
  public TreeBuilder(
      LocalStore store,
      Posix posix,
      PutMode mode,
      Set<KeptProperty> kept,
      ImportListener listener,
      int threads) {
    this.store = store;
    this.posix = posix;
    this.mode = mode;
    this.kept = Set.copyOf(kept);
    this.listener = listener;
    this.threads = threads;
  }

  /**
   * Imports {@code directory} and returns the digest of its root message. When this returns or
   * throws, nothing is being read or written any more. What it puts is kept until then; whoever
   * wants to find it there later too takes a lease while a {@link LocalStore#keepNew} of its own
   * lasts.
   *
   * @throws IOException when something in it cannot be read or told in a tree (a socket, a device,
   *     a name that is not UTF-8), or changes while it is read; the message names the path
   * @throws InterruptedIOException when the calling thread is interrupted
   */
  public Digest build(Path directory) throws IOException {
    Path root = directory.toRealPath();
    if (store.root().toRealPath().startsWith(root)) {
      throw new IOException(
          "the store " + store.root() + " is inside " + directory + ", which would import itself");
    }
    FileStamp stamp = FileStamp.of(posix, root);
    if (!stamp.isDirectory()) {
      throw new IOException(root + " is " + stamp.kind() + ", not a directory");
    }
    AtomicReference<@Nullable Digest> digest = new AtomicReference<>();
    ForkJoinPool pool = new ForkJoinPool(threads);
    try (Lease _ = store.keepNew()) {
      pool.submit(new DirectoryTask(null, new Listed("", root, stamp), 1, digest::set)).get();
      return Objects.requireNonNull(digest.get());
    } catch (ExecutionException e) {
      throw unwrap(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while importing " + directory);
    } finally {
      pool.shutdownNow();
      awaitEnd(pool);
    }
  }

  private static IOException unwrap(ExecutionException e) {
    for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof IOException failure) {
        return failure;
      }
    }
    throw new IllegalStateException(e.getCause());
  }

  /** Waits though interrupted: work in progress ends soon, as the pool interrupts it. */
  private static void awaitEnd(ForkJoinPool pool) {
    boolean interrupted = false;
    boolean ended = false;
    while (!ended) {
      try {
        ended = pool.awaitTermination(1, TimeUnit.MINUTES);
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** A file or directory that was listed, and what lstat(2) said of it. */
  private record Listed(String name, Path path, FileStamp stamp) {}

  /**
   * One directory. It lists the directory and forks a task for each part of it; whichever thread
   * ends the last of these puts the message. Nobody waits for a task, so that no stack grows with
   * the tree.
   */
  private final class DirectoryTask extends CountedCompleter<Void> {
    private final Path path;
    private final FileStamp before;
    private final int level;
    private final Consumer<Digest> result;
    private final DirectoryBuilder directory = new DirectoryBuilder();
    private final List<Listed> files = new ArrayList<>();
    private final List<Listed> directories = new ArrayList<>();
    private Digest[] fileDigests = {};
    private Digest[] directoryDigests = {};

    /**
     * @param parent the task of the directory that this one is in; null for the root
     * @param result takes the digest before the parent's parts are complete
     */
    DirectoryTask(
        @Nullable DirectoryTask parent, Listed listed, int level, Consumer<Digest> result) {
      super(parent);
      this.path = listed.path();
      this.before = listed.stamp();
      this.level = level;
      this.result = result;
    }

    @Override
    public void compute() {
      try {
        sortOut();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (IllegalArgumentException e) {
        throw refused(e);
      }
      fileDigests = new Digest[files.size()];
      directoryDigests = new Digest[directories.size()];
      addToPendingCount(directories.size() + Math.ceilDiv(files.size(), BATCH));
      for (int i = 0; i < directories.size(); i++) {
        int index = i;
        new DirectoryTask(
                this, directories.get(i), level + 1, digest -> directoryDigests[index] = digest)
            .fork();
      }
      for (int from = 0; from < files.size(); from += BATCH) {
        int to = Math.min(from + BATCH, files.size());
        new FilesTask(this, files.subList(from, to), fileDigests, from).fork();
      }
      tryComplete();
    }

    private void sortOut() throws IOException {
      if (level > TreeReader.MAX_DEPTH) {
        throw new IOException(path + " is more than " + TreeReader.MAX_DEPTH + " levels deep");
      }
      for (Listed entry : list(path)) {
        FileStamp stamp = entry.stamp();
        if (stamp.isRegular()) {
          files.add(entry);
        } else if (stamp.isDirectory()) {
          directories.add(entry);
        } else if (stamp.isSymlink()) {
          directory.addSymlink(entry.name(), readLink(entry), properties(stamp, false));
        } else {
          throw new IOException(
              entry.path() + " is " + stamp.kind() + ", which a tree cannot hold");
        }
      }
    }

    @Override
    public void onCompletion(CountedCompleter<?> last) {
      try {
        addAll();
        checkUnchanged(path, before);
        result.accept(store.put(directory.build()));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (IllegalArgumentException e) {
        throw refused(e);
      }
    }

    private void addAll() {
      for (int i = 0; i < files.size(); i++) {
        Listed file = files.get(i);
        boolean executable = (file.stamp().mode() & OWNER_EXECUTES) != 0;
        directory.addFile(file.name(), fileDigests[i], executable, properties(file.stamp(), true));
      }
      for (int i = 0; i < directories.size(); i++) {
        directory.addDirectory(directories.get(i).name(), directoryDigests[i]);
      }
      NodeProperties own = properties(before, true);
      if (own != null) {
        directory.setProperties(own);
      }
    }

    /** The disk holds what a tree cannot: a name too long, a time out of range. */
    private UncheckedIOException refused(IllegalArgumentException e) {
      return new UncheckedIOException(new IOException("in " + path + ": " + e.getMessage(), e));
    }
  }

  /** Some files of a directory; each task writes its own part of the array. */
  private final class FilesTask extends CountedCompleter<Void> {
    private final List<Listed> files;
    private final Digest[] digests;
    private final int from;

    FilesTask(DirectoryTask parent, List<Listed> files, Digest[] digests, int from) {
      super(parent);
      this.files = files;
      this.digests = digests;
      this.from = from;
    }

    @Override
    public void compute() {
      try {
        for (int i = 0; i < files.size(); i++) {
          digests[from + i] = importFile(files.get(i));
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      tryComplete();
    }
  }

  private Digest importFile(Listed file) throws IOException {
    try {
      Digest digest = store.put(file.path(), mode, null);
      if (mode != PutMode.LINK) {
        checkUnchanged(file.path(), file.stamp());
      }
      listener.fileImported(digest.size());
      return digest;
    } catch (AccessDeniedException e) {
      throw new IOException("cannot read " + file.path() + ": permission denied", e);
    } catch (NoSuchFileException e) {
      throw new IOException(file.path() + " disappeared while it was imported", e);
    }
  }

  private List<Listed> list(Path directory) throws IOException {
    List<Listed> entries = new ArrayList<>();
    try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
      for (Path path : stream) {
        entries.add(new Listed(name(path), path, FileStamp.of(posix, path)));
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    } catch (AccessDeniedException e) {
      throw new IOException("cannot list " + directory + ": permission denied", e);
    } catch (NoSuchFileException e) {
      throw new IOException(directory + " disappeared while it was imported", e);
    }
    return entries;
  }

  /** The last name of a path, if Java has decoded it without loss. */
  private static String name(Path path) throws IOException {
    Path last = path.getFileName();
    String name = String.valueOf(last);
    boolean lossless;
    try {
      lossless = path.getFileSystem().getPath(name).equals(last);
    } catch (InvalidPathException e) {
      lossless = false;
    }
    if (!lossless) {
      throw new IOException(
          "the name of %s is not UTF-8, or the locale is not (LC_ALL=C.UTF-8 makes it so)"
              .formatted(path));
    }
    return name;
  }

  private String readLink(Listed link) throws IOException {
    byte[] buffer = new byte[MAX_LINK];
    int length =
        Posix.check(
            posix.readlinkat(Posix.AT_FDCWD, link.path().toString(), buffer),
            "readlink " + link.path());
    String problem = EntryRules.problemWithTarget(buffer, 0, length);
    if (problem != null) {
      throw new IOException("symlink " + link.path() + ": " + problem);
    }
    return new String(buffer, 0, length, StandardCharsets.UTF_8);
  }

  private @Nullable NodeProperties properties(FileStamp stamp, boolean hasMode) {
    boolean withMode = hasMode && kept.contains(KeptProperty.UNIX_MODE);
    boolean withTime = kept.contains(KeptProperty.MTIME);
    if (!withMode && !withTime) {
      return null;
    }
    NodeProperties.Builder properties = NodeProperties.newBuilder();
    if (withMode) {
      properties.setUnixMode(UInt32Value.of(stamp.mode() & PERMISSIONS));
    }
    if (withTime) {
      properties.setMtime(
          Timestamp.newBuilder().setSeconds(stamp.mtimeSeconds()).setNanos(stamp.mtimeNanos()));
    }
    return properties.build();
  }

  private void checkUnchanged(Path path, FileStamp before) throws IOException {
    if (!FileStamp.of(posix, path).equals(before)) {
      throw changed(path);
    }
  }

  private static IOException changed(Path path) {
    return new IOException(path + " was changed while it was imported");
  }
}
