package build.inputfs.app.client;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.DirectorySource;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** The blobs of a daemon's store, and of the remote behind it. Thread-safe. */
public final class DaemonBlobs implements DirectorySource {
  private final DaemonClient daemon;
  private final DigestFunction function;

  /**
   * @param daemon is closed by the caller
   * @param function what names the blobs there
   */
  public DaemonBlobs(DaemonClient daemon, DigestFunction function) {
    this.daemon = daemon;
    this.function = function;
  }

  @Override
  public byte[] readDirectory(Digest digest, int limit) throws IOException {
    if (digest.size() > limit) {
      throw new IOException(
          "%s is larger than the %d bytes that are allowed here"
              .formatted(function.blobName(digest), limit));
    }
    byte[] message = new byte[(int) digest.size()];
    for (int at = 0; at < message.length; ) {
      byte[] piece = piece(digest, at, true);
      System.arraycopy(piece, 0, message, at, piece.length);
      at += piece.length;
    }
    Digest actual = function.digest(message);
    if (!actual.equals(digest)) {
      throw new DigestMismatchException("what the daemon sent", digest, actual);
    }
    return message;
  }

  /** Reads a blob, a piece at a time. The stream is for one thread, and need not be closed. */
  public InputStream open(Digest digest) {
    return new Pieces(digest);
  }

  private byte[] piece(Digest digest, long offset, boolean directory) throws IOException {
    byte[] piece = daemon.readBlob(digest, offset, directory);
    if (piece.length == 0 || piece.length > digest.size() - offset) {
      throw new EOFException(
          "the daemon sent %d bytes of %s from byte %d"
              .formatted(piece.length, function.blobName(digest), offset));
    }
    return piece;
  }

  private final class Pieces extends InputStream {
    private final Digest digest;
    private byte[] piece = {};
    private int used;

    /** Where the next piece begins. */
    private long next;

    Pieces(Digest digest) {
      this.digest = digest;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (length == 0) {
        return 0;
      }
      if (used == piece.length) {
        if (next == digest.size()) {
          return -1;
        }
        piece = piece(digest, next, false);
        next += piece.length;
        used = 0;
      }
      int count = Math.min(length, piece.length - used);
      System.arraycopy(piece, used, into, offset, count);
      used += count;
      return count;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }
  }
}
