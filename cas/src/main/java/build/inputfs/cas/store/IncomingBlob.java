package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.MessageDigest;

/**
 * A blob that comes into a store piece by piece. What has come can be read from its file before it
 * is known whether the whole is right: that is for the owner to tell those who read.
 *
 * <p>First all {@link #write}s, then {@link #verify}, then {@link #publish}; {@link #close} in any
 * case. One thread at a time, which may change.
 */
public final class IncomingBlob implements AutoCloseable {
  private final Path root;
  private final Digest digest;
  private final BlobWriter writer;
  private final TemporaryFiles temporaries;
  private final Path file;
  private final FileChannel out;
  private final MessageDigest hasher;
  private long written;
  private boolean verified;

  IncomingBlob(
      Path root, Digest digest, BlobWriter writer, TemporaryFiles temporaries, MessageDigest hasher)
      throws IOException {
    this.root = root;
    this.digest = digest;
    this.writer = writer;
    this.temporaries = temporaries;
    this.hasher = hasher;
    this.file = temporaries.newPath();
    try {
      this.out = BlobWriter.create(file);
    } catch (IOException e) {
      temporaries.release(file);
      throw e;
    }
  }

  /** Where the bytes are, until the blob is published, which moves this very file, or closed. */
  public Path file() {
    return file;
  }

  /** How many bytes have been written. */
  public long written() {
    return written;
  }

  /**
   * Takes the next bytes.
   *
   * @throws DigestMismatchException when there are more than the blob has
   * @throws StoreFullException when there is no room for them
   */
  public void write(ByteBuffer bytes) throws IOException {
    if (bytes.remaining() > digest.size() - written) {
      throw new DigestMismatchException("more came than the bytes of blobs/" + digest);
    }
    hasher.update(bytes.duplicate());
    try {
      while (bytes.hasRemaining()) {
        written += out.write(bytes);
      }
    } catch (IOException e) {
      throw StoreFullException.explain(root, e);
    }
  }

  /**
   * Checks that what was written is the blob. Nothing is written after.
   *
   * @throws DigestMismatchException when it is something else
   */
  public void verify() throws IOException {
    out.close();
    Digest actual = Digest.of(hasher.digest(), written);
    if (!actual.equals(digest)) {
      throw new DigestMismatchException("what came", digest, actual);
    }
    verified = true;
  }

  /**
   * Puts the blob into the store: it is on the disk when this returns.
   *
   * @throws StoreFullException when there is no room for it
   */
  public void publish() throws IOException {
    if (!verified) {
      throw new IllegalStateException("not verified: " + digest);
    }
    try {
      writer.publishIncoming(file, digest);
    } catch (IOException e) {
      throw StoreFullException.explain(root, e);
    }
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } finally {
      temporaries.release(file);
    }
  }
}
