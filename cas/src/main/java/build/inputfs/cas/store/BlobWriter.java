package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What puts blobs into a store.
 *
 * <p>The bytes that are hashed are those that are published: each put hashes what it writes to a
 * temporary file, or, for a link or reflink, what is in that file. The file is sealed (0444,
 * flushed to the disk) before it is renamed into place, and a blob that is there with its size is
 * left as it is. Two puts of the same blob at the same time both write, and one publishes; between
 * processes both may publish, which replaces a file by an equal one. Thread-safe.
 */
final class BlobWriter {
  /** Files up to this size are read at once, and written only when they are new. */
  private static final int SMALL = 1 << 18;

  private static final int CHUNK = 1 << 17;
  private static final int MODE = 0444;
  private static final FileAttribute<Set<PosixFilePermission>> PRIVATE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final DigestFunction function;
  private final Fanout blobs;
  private final TemporaryFiles temporaries;
  private final Posix posix;
  private final FileCloner cloner;
  private final StoreKeeper keeper;
  private final SingleFlight<Digest, Path> publishing = new SingleFlight<>();
  private final Set<Long> disksWithoutReflinks = ConcurrentHashMap.newKeySet();
  private final LongAdder copied = new LongAdder();
  private final LongAdder reflinked = new LongAdder();
  private final LongAdder linked = new LongAdder();
  private final LongAdder received = new LongAdder();
  private final LongAdder present = new LongAdder();
  private final LongAdder bytes = new LongAdder();

  BlobWriter(
      DigestFunction function,
      Fanout blobs,
      TemporaryFiles temporaries,
      StoreKeeper keeper,
      Posix posix) {
    this.function = function;
    this.blobs = blobs;
    this.temporaries = temporaries;
    this.keeper = keeper;
    this.posix = posix;
    this.cloner = new FileCloner(posix);
  }

  PutCounts counts() {
    return new PutCounts(copied.sum(), reflinked.sum(), linked.sum(), present.sum());
  }

  /** How many blobs were received piece by piece and were new. */
  long received() {
    return received.sum();
  }

  /** Size of the blobs that were not there before. */
  long bytes() {
    return bytes.sum();
  }

  Digest put(byte[] data) throws IOException {
    Digest digest = function.digest(data);
    if (find(digest)) {
      present.increment();
      return digest;
    }
    Path temporary = temporaries.newPath();
    try {
      try (FileChannel out = create(temporary)) {
        writeFully(out, ByteBuffer.wrap(data));
      }
      publish(temporary, digest, copied);
    } finally {
      temporaries.release(temporary);
    }
    return digest;
  }

  Digest put(InputStream in, @Nullable Digest expected) throws IOException {
    if (expected != null && find(expected)) {
      present.increment();
      return expected;
    }
    return putChannel(Channels.newChannel(in), expected, "the stream");
  }

  Digest put(Path file, PutMode mode, @Nullable Digest expected) throws IOException {
    FileStamp before = FileStamp.of(posix, file);
    if (!before.isRegular()) {
      throw new IOException(file + " is " + before.kind() + ", not a regular file");
    }
    return switch (mode) {
      case COPY -> copy(file, before, expected);
      case REFLINK -> reflink(file, before, expected);
      case LINK -> link(file, before, expected);
      case AUTO -> {
        if (!disksWithoutReflinks.contains(before.device())) {
          try {
            yield reflink(file, before, expected);
          } catch (PosixException e) {
            if (FileCloner.isUnsupported(e.errno())) {
              disksWithoutReflinks.add(before.device());
            }
          }
        }
        yield copy(file, before, expected);
      }
    };
  }

  private Digest copy(Path file, FileStamp before, @Nullable Digest expected) throws IOException {
    Digest digest;
    try (FileChannel in =
        FileChannel.open(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      digest =
          before.size() <= SMALL
              ? copySmall(file, in, (int) before.size(), expected)
              : copyLarge(file, in, expected);
    }
    checkUnchanged(file, before);
    return digest;
  }

  private Digest copySmall(Path file, FileChannel in, int size, @Nullable Digest expected)
      throws IOException {
    ByteBuffer content = ByteBuffer.allocate(size);
    while (content.hasRemaining() && in.read(content) >= 0) {}
    if (content.hasRemaining()) {
      throw changed(file);
    }
    if (expected != null) {
      verify(file.toString(), expected, function.digest(content.array()));
    }
    return put(content.array());
  }

  /** Reads a file twice when it is new, rather than write one that is there already. */
  private Digest copyLarge(Path file, FileChannel in, @Nullable Digest expected)
      throws IOException {
    Digest digest = transfer(in, null, Long.MAX_VALUE);
    if (expected != null) {
      verify(file.toString(), expected, digest);
    }
    if (find(digest)) {
      present.increment();
      return digest;
    }
    in.position(0);
    try {
      return putChannel(in, digest, file.toString());
    } catch (DigestMismatchException e) {
      throw changed(file);
    }
  }

  private Digest reflink(Path file, FileStamp before, @Nullable Digest expected)
      throws IOException {
    Path temporary = temporaries.newPath();
    try {
      int errno = cloner.reflink(file, temporary);
      if (errno != 0) {
        throw new PosixException("reflink " + file + " into the store", errno);
      }
      Digest digest = hash(temporary);
      if (expected != null) {
        verify(file.toString(), expected, digest);
      }
      checkUnchanged(file, before);
      publish(temporary, digest, reflinked);
      return digest;
    } finally {
      temporaries.release(temporary);
    }
  }

  private Digest link(Path file, FileStamp before, @Nullable Digest expected) throws IOException {
    if (before.links() > 1) {
      return copy(file, before, expected);
    }
    Path temporary = temporaries.newPath();
    try {
      Posix.check(
          posix.linkat(Posix.AT_FDCWD, file.toString(), Posix.AT_FDCWD, temporary.toString(), 0),
          "link " + file + " into the store");
      cloner.seal(temporary, MODE);
      FileStamp sealed = FileStamp.of(posix, temporary);
      Digest digest = hash(temporary);
      if (expected != null) {
        verify(file.toString(), expected, digest);
      }
      checkUnchanged(temporary, sealed);
      publish(temporary, digest, linked);
      return digest;
    } finally {
      temporaries.release(temporary);
    }
  }

  private Digest putChannel(ReadableByteChannel in, @Nullable Digest expected, String what)
      throws IOException {
    Path temporary = temporaries.newPath();
    try {
      Digest digest;
      try (FileChannel out = create(temporary)) {
        digest = transfer(in, out, expected == null ? Long.MAX_VALUE : expected.size());
      }
      if (expected != null) {
        verify(what, expected, digest);
      }
      publish(temporary, digest, copied);
      return digest;
    } finally {
      temporaries.release(temporary);
    }
  }

  /** A blob that is not here yet, and is about to come. */
  IncomingBlob receive(Path root, Digest digest) throws IOException {
    return new IncomingBlob(root, digest, this, temporaries, function.newHasher());
  }

  void publishIncoming(Path temporary, Digest digest) throws IOException {
    publish(temporary, digest, received);
  }

  private void publish(Path temporary, Digest digest, LongAdder how) throws IOException {
    boolean published =
        !digest.isEmpty()
            && publishing.run(digest, () -> firstOf(temporary, digest)).equals(temporary);
    (published ? how : present).increment();
    bytes.add(published ? digest.size() : 0);
  }

  /** Publishes {@code temporary} and returns it, or returns the blob that is there. */
  private Path firstOf(Path temporary, Digest digest) throws IOException {
    Path blob = blobs.path(digest.hex());
    if (find(digest)) {
      return blob;
    }
    cloner.seal(temporary, MODE);
    try (Lease _ = keeper.putting(digest)) {
      blobs.publish(temporary, blob);
      keeper.put(digest);
    }
    return temporary;
  }

  /** Whether a blob is there, which then counts as put. */
  boolean find(Digest digest) {
    try (Lease _ = keeper.putting(digest)) {
      boolean found = isPresent(digest);
      if (found) {
        keeper.put(digest);
      }
      return found;
    }
  }

  private boolean isPresent(Digest digest) {
    if (digest.isEmpty()) {
      return true;
    }
    FileStat stat = new FileStat();
    return posix.lstat(blobs.path(digest.hex()), stat) == 0
        && FileStamp.of(stat).isRegular()
        && stat.size() == digest.size();
  }

  private Digest hash(Path file) throws IOException {
    try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
      return transfer(in, null, Long.MAX_VALUE);
    }
  }

  /**
   * Hashes what comes from {@code in}, and writes it to {@code out} if that is given.
   *
   * @param limit how many bytes may come
   */
  private Digest transfer(ReadableByteChannel in, @Nullable FileChannel out, long limit)
      throws IOException {
    MessageDigest hasher = function.newHasher();
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK);
    long size = 0;
    while (in.read(buffer) >= 0) {
      buffer.flip();
      size += buffer.remaining();
      if (size > limit) {
        throw new DigestMismatchException("more came than the %d bytes expected".formatted(limit));
      }
      hasher.update(buffer.array(), 0, buffer.limit());
      if (out != null) {
        writeFully(out, buffer);
      }
      buffer.clear();
    }
    return Digest.of(hasher.digest(), size);
  }

  static FileChannel create(Path temporary) throws IOException {
    return FileChannel.open(
        temporary, Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW), PRIVATE);
  }

  private static void writeFully(FileChannel out, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      out.write(buffer);
    }
  }

  private void checkUnchanged(Path file, FileStamp before) throws IOException {
    if (!FileStamp.of(posix, file).equals(before)) {
      throw changed(file);
    }
  }

  private static IOException changed(Path file) {
    return new IOException(file + " was changed while it was read");
  }

  private static void verify(String what, Digest expected, Digest actual)
      throws DigestMismatchException {
    if (!expected.equals(actual)) {
      throw new DigestMismatchException(what, expected, actual);
    }
  }
}
