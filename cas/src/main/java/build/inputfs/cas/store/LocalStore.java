package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import com.google.protobuf.MessageLite;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Blobs and action results in a folder of the local disk, laid out as Bazel's disk cache: {@code
 * cas/ab/abcd…} and {@code ac/ab/abcd…}.
 *
 * <p>A blob never changes once it is there: it is written to a temporary file, made 0444, flushed
 * and renamed. What others have put there with another mode is left so. Presence and size are
 * looked up at every access and never remembered, as somebody else may delete blobs at any time;
 * whoever has a blob open, or linked, keeps it.
 *
 * <p>What is ours alone (executable variants, temporary files) is in the subfolder {@code inputfs};
 * for a store that is only read it is in a private folder elsewhere, and nothing in the store is
 * ever touched. Thread-safe. Closing deletes temporary files; reading goes on working.
 *
 * <p>Several processes may use one store. Those that take blobs away, to keep it within a limit,
 * leave alone what any process has a {@link #lease} on, or has put since it began to {@link
 * #keepNew}.
 */
public final class LocalStore implements BlobSource, Metered, AutoCloseable {
  private final StoreFiles files;
  private final Path root;
  private final DigestFunction function;
  private final boolean writable;
  private final Fanout blobs;
  private final Path emptyBlob;
  private final Posix posix;
  private final StoreKeeper keeper;
  private final OwnSession session;
  private final TemporaryFiles temporaries;
  private final ExecutableVariants variants;
  private final BlobWriter writer;
  private final ActionCache actions;
  private final FileCloner cloner;
  private final Sweep sweep;
  private final LongAdder missing = new LongAdder();

  private LocalStore(
      StoreFiles files,
      DigestFunction function,
      boolean writable,
      @Nullable StoreKeeper keeper,
      Posix posix) {
    this.files = files;
    this.root = files.root();
    this.function = function;
    this.writable = writable;
    this.posix = posix;
    this.session = new OwnSession(files.sessions());
    this.keeper = keeper == null ? new Guest(files.lock(), writable, session) : keeper;
    this.blobs = files.blobs();
    this.emptyBlob = files.own().resolve("empty");
    this.temporaries = new TemporaryFiles(files.temporaries(), files.sessions(), session);
    this.variants =
        new ExecutableVariants(function, files.variants(), temporaries, this.keeper, posix);
    this.writer = new BlobWriter(function, blobs, temporaries, this.keeper, posix);
    this.actions =
        new ActionCache(files.results(), temporaries, this.keeper, posix, function.hashLength());
    this.cloner = new FileCloner(posix);
    this.sweep = new Sweep(files, temporaries);
  }

  /**
   * Opens the store in {@code root}.
   *
   * @param root the store's folder; made when it does not exist and the store may be written
   * @param privateFolder where variants and temporary files go when the store is only read; made
   *     when it is first needed, and may be shared with other processes and other stores
   * @throws IOException when there is no such folder, or it cannot be written as {@code access}
   *     asks
   */
  public static LocalStore open(
      Path root, DigestFunction function, StoreAccess access, Path privateFolder, Posix posix)
      throws IOException {
    Path absolute = root.toAbsolutePath().normalize();
    if (Files.exists(absolute) && !Files.isDirectory(absolute)) {
      throw new NotDirectoryException(absolute + " is not a folder, so it cannot be a store");
    }
    boolean writable =
        switch (access) {
          case READ_WRITE -> true;
          case READ_ONLY -> false;
          case AUTOMATIC -> !Files.exists(absolute) || isWritable(absolute);
        };
    if (writable) {
      Files.createDirectories(absolute);
    } else if (!Files.exists(absolute)) {
      throw new IOException("there is no store in " + absolute);
    }
    Path own = writable ? absolute.resolve("inputfs") : privateFolder.toAbsolutePath().normalize();
    return new LocalStore(new StoreFiles(absolute, own, posix), function, writable, null, posix);
  }

  /**
   * Opens a store that is written, and made if need be.
   *
   * @param keeper is told of all that is done with it
   */
  public static LocalStore open(
      StoreFiles files, DigestFunction function, StoreKeeper keeper, Posix posix)
      throws IOException {
    Files.createDirectories(files.root());
    return new LocalStore(files, function, true, keeper, posix);
  }

  /**
   * Whether a store in an existing folder may be changed: not without a write bit for its owner, by
   * root either.
   */
  public static boolean isWritable(Path folder) throws IOException {
    return Files.isWritable(folder)
        && Files.getPosixFilePermissions(folder).contains(PosixFilePermission.OWNER_WRITE);
  }

  /** The store's folder, absolute. */
  public Path root() {
    return root;
  }

  /** Whether blobs can be put. */
  public boolean isWritable() {
    return writable;
  }

  /** Where its files are. */
  public StoreFiles files() {
    return files;
  }

  /** Has it noticed that a blob is not there any more. */
  public void forget(Digest digest) {
    keeper.missing(digest);
  }

  /** How blobs got into the store since it was opened. */
  public PutCounts putCounts() {
    return writer.counts();
  }

  @Override
  public void meter(Consumer<Reading> to) {
    PutCounts puts = writer.counts();
    Reading put = Reading.counter("store_puts", "Blobs put in the store, by what was done", 0);
    to.accept(put.with("by", "copy").plus(puts.copied()));
    to.accept(put.with("by", "reflink").plus(puts.reflinked()));
    to.accept(put.with("by", "link").plus(puts.linked()));
    to.accept(put.with("by", "fetch").plus(writer.received()));
    to.accept(put.with("by", "nothing").plus(puts.present()));
    to.accept(
        Reading.counter("store_put_bytes", "Size of the blobs that were new", writer.bytes()));
    to.accept(
        Reading.counter(
            "store_missing_blobs", "Blobs that were wanted and not there", missing.sum()));
  }

  @Override
  public DigestFunction function() {
    return function;
  }

  /** Whether the blob is there with its size. For leases it counts as put if it is. */
  public boolean contains(Digest digest) {
    return writer.find(digest);
  }

  /**
   * Keeps a tree: what is there now of all that can be reached from a directory's message stays
   * there, as far as inputfs is concerned, until the lease is closed. It takes the same time
   * whatever the tree's size. Any other blob may be kept so too.
   *
   * @throws IOException when other processes cannot be told, for want of room on the disk say
   */
  @Override
  public Lease lease(Digest root) throws IOException {
    return writing(() -> keeper.lease(root));
  }

  /**
   * Keeps all blobs and results that are put from now on, or found to be there when they are to be
   * put, until the lease is closed: for as long as it takes to put what belongs together. In a
   * process other than the one that keeps the store within its limit, nothing at all is taken away
   * meanwhile.
   */
  public Lease keepNew() throws IOException {
    return keeper.keepNew();
  }

  @Override
  public Path locate(Digest digest, boolean executable) throws IOException {
    Path blob = digest.isEmpty() ? writing(this::emptyBlob) : present(digest);
    keeper.used(digest);
    return executable ? writing(() -> variants.of(digest, blob)) : blob;
  }

  @Override
  public byte[] read(Digest digest, int limit) throws IOException {
    if (digest.size() > limit) {
      throw new IOException(
          "%s is larger than the %d bytes that are allowed here"
              .formatted(function.blobName(digest), limit));
    }
    ByteBuffer content = ByteBuffer.allocate((int) digest.size());
    if (content.hasRemaining()) {
      try (FileChannel channel = openBlobChannel(digest)) {
        while (content.hasRemaining() && channel.read(content) >= 0) {}
      }
    }
    Digest actual = function.digest(content.array());
    if (!actual.equals(digest)) {
      throw new DigestMismatchException(
          "the content of " + blobs.path(digest.hex()), digest, actual);
    }
    return content.array();
  }

  /**
   * Opens the blob for reading. The caller closes the channel. The content is not verified.
   *
   * @throws MissingBlobException when there is no such blob, or it does not have its size
   */
  public FileChannel openBlobChannel(Digest digest) throws IOException {
    try {
      return FileChannel.open(
          locate(digest, false), StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw new MissingBlobException(function, digest, "it has just gone from " + root);
    }
  }

  /**
   * Puts a blob that is on the heap.
   *
   * @throws StoreFullException when there is no room for it, as all that writes does
   */
  public Digest put(byte[] data) throws IOException {
    return putting(() -> writer.put(data));
  }

  /** Puts the encoded form of a message. */
  public Digest put(MessageLite message) throws IOException {
    return put(message.toByteArray());
  }

  /**
   * Puts what {@code in} gives, to its end. The caller closes the stream.
   *
   * @param expected what it is to be, or null when that is not known. When this blob is there
   *     already, the stream is not read.
   * @throws DigestMismatchException when it is something else; nothing is put then
   */
  public Digest put(InputStream in, @Nullable Digest expected) throws IOException {
    return putting(() -> writer.put(in, expected));
  }

  /**
   * Puts a regular file. A symlink is not followed.
   *
   * @param expected what the content is to be, or null when that is not known
   * @throws DigestMismatchException when it is something else; nothing is put then
   * @throws IOException when the file changes while it is read, is no regular file, or cannot be
   *     put in the way that {@code mode} demands
   */
  public Digest put(Path file, PutMode mode, @Nullable Digest expected) throws IOException {
    return putting(() -> writer.put(file, mode, expected));
  }

  /**
   * A blob that is about to come from elsewhere, for the caller to fill, publish and close.
   *
   * @throws StoreFullException when there is no room for it
   */
  public IncomingBlob receive(Digest digest) throws IOException {
    checkWritable();
    return writing(() -> writer.receive(root, digest));
  }

  /** The recorded result of the action with this digest, of which only the hash counts, or null. */
  public @Nullable ActionResult getActionResult(Digest action) throws IOException {
    return actions.get(action);
  }

  /** Records the result of an action, in place of what was recorded before. */
  public void putActionResult(Digest action, ActionResult result) throws IOException {
    var _ =
        putting(
            () -> {
              actions.put(action, result);
              return action;
            });
  }

  /** The hashes, in hexadecimal and sorted, of all actions that have a recorded result. */
  public List<String> listActions() throws IOException {
    return actions.list();
  }

  /**
   * Reads a digest as {@link DigestFunction#parse} does, or a hash alone when a blob of that hash
   * is in the store.
   *
   * @throws InvalidDigestException when {@code text} is neither
   */
  public Digest resolve(String text) throws IOException {
    String hash = text;
    if (!Pattern.matches("[0-9a-f]{" + 2 * function.hashLength() + "}", hash)) {
      return function.parse(text);
    }
    if (hash.equals(function.empty().hex())) {
      return function.empty();
    }
    FileStat stat = new FileStat();
    if (posix.lstat(blobs.path(hash), stat) != 0 || !FileStamp.of(stat).isRegular()) {
      throw new InvalidDigestException(
          "there is no blob of hash %s in %s; a blob elsewhere is named hash/size"
              .formatted(hash, root));
    }
    return Digest.of(hash, stat.size());
  }

  @Override
  public void close() throws IOException {
    try {
      sweep.close();
      temporaries.close();
    } finally {
      session.close();
    }
  }

  /** Waits until what dead processes have left is gone. */
  public void awaitSweep() throws InterruptedException {
    sweep.await();
  }

  /** Something that writes. */
  @FunctionalInterface
  private interface Writing<V> {
    V run() throws IOException;
  }

  private Digest putting(Writing<Digest> put) throws IOException {
    checkWritable();
    return writing(put);
  }

  private <V> V writing(Writing<V> write) throws IOException {
    try {
      return write.run();
    } catch (IOException e) {
      throw StoreFullException.explain(root, e);
    }
  }

  private Path present(Digest digest) throws IOException {
    if (digest.hashLength() != function.hashLength()) {
      throw missing(digest, "the store in " + root + " is of " + function.title());
    }
    Path blob = blobs.path(digest.hex());
    FileStat stat = new FileStat();
    int result = posix.lstat(blob, stat);
    if (result == -Errnos.ENOENT || result == -Errnos.ENOTDIR) {
      keeper.missing(digest);
      throw missing(digest, "not in " + root);
    }
    Posix.check(result, "stat " + blob);
    if (!FileStamp.of(stat).isRegular()) {
      throw missing(digest, blob + " is not a regular file");
    }
    if (stat.size() != digest.size()) {
      throw missing(digest, blob + " has " + stat.size() + " bytes");
    }
    return blob;
  }

  private MissingBlobException missing(Digest digest, String reason) {
    missing.increment();
    return new MissingBlobException(function, digest, reason);
  }

  private Path emptyBlob() throws IOException {
    FileStat stat = new FileStat();
    if (posix.lstat(emptyBlob, stat) != 0 || stat.size() != 0) {
      Path temporary = temporaries.newPath();
      try {
        Files.createFile(temporary);
        cloner.seal(temporary, 0444);
        Files.move(temporary, emptyBlob, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        temporaries.release(temporary);
      }
    }
    return emptyBlob;
  }

  private void checkWritable() throws IOException {
    if (!writable) {
      throw new IOException("the store in " + root + " was opened for reading only");
    }
  }
}
