package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Where blobs come from: gives, for a digest, a local file with that content. Thread-safe; every
 * method may wait for a disk.
 *
 * <p>The empty blob is always there, whether or not anybody has put it.
 */
public interface BlobSource {
  /** The function that names the blobs. */
  DigestFunction function();

  /**
   * A regular local file that holds the blob, with mode 0555 when {@code executable}; otherwise the
   * blob itself, which nobody may change. Presence and size are checked at every call.
   *
   * @throws MissingBlobException when there is no such blob, or it does not have its size
   * @throws IOException when the disk fails
   */
  Path locate(Digest digest, boolean executable) throws IOException;

  /**
   * The whole content of a small blob, verified against {@code digest}.
   *
   * @param limit the largest size, in bytes, that the caller will have on the heap
   * @throws MissingBlobException when there is no such blob, or it does not have its size
   * @throws DigestMismatchException when the content is not that of the digest
   * @throws IOException when the blob is larger than {@code limit}, or the disk fails
   */
  byte[] read(Digest digest, int limit) throws IOException;

  /**
   * Keeps what is there now of a tree until the lease is closed, where blobs may go that nobody
   * keeps. It takes the same time whatever the tree's size.
   *
   * @param root a directory's digest
   */
  default Lease lease(Digest root) throws IOException {
    return Lease.NONE;
  }
}
