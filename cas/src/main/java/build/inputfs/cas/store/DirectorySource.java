package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;

/** Where the messages of directories come from. Thread-safe; every method may wait. */
public interface DirectorySource {
  /**
   * A directory's message, verified against {@code digest}. Where it must be fetched, others of its
   * tree may come along.
   *
   * @param limit the largest size, in bytes, that the caller will have on the heap
   * @throws MissingBlobException when there is no such blob, or it does not have its size
   * @throws DigestMismatchException when the content is not that of the digest
   * @throws IOException when the message is larger than {@code limit}, or cannot be read
   */
  byte[] readDirectory(Digest digest, int limit) throws IOException;

  /**
   * How long the calling thread has waited for blobs to be fetched from elsewhere, in nanoseconds
   * since it was started.
   */
  default long waitedNanos() {
    return 0;
  }
}
