package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Where blobs come from: gives, for a digest, a local file with that content. Thread-safe; every
 * method may wait for a disk.
 *
 * <p>The empty blob is always there, whether or not anybody has put it.
 */
public interface BlobSource extends DirectorySource {
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
   * Where some bytes of a blob can be read now.
   *
   * @param path a file that has them. Unless it is the blob's own it may have another name the next
   *     moment: whoever finds no such file asks again
   * @param verified whether the whole blob is there, and is right
   */
  record Located(Path path, boolean verified) {}

  /** Somebody who has been given bytes of a blob before it was known that the whole is right. */
  @FunctionalInterface
  interface Watcher {
    /** The blob cannot be had, or is not right. Told once to watchers that are equal. */
    void failed(IOException cause);
  }

  /**
   * As {@link #locate(Digest, boolean)}, for who wants some bytes only and reads them at once: of a
   * large blob that is on its way these may be there before the rest, and before it is known that
   * the whole is right. The file's mode may be any.
   *
   * @param length may reach beyond the blob's end
   * @param watcher is told, on another thread, if bytes were given out unverified and the blob
   *     turns out wrong, or does not come to its end
   */
  default Located locate(
      Digest digest, boolean executable, long offset, long length, Watcher watcher)
      throws IOException {
    return new Located(locate(digest, executable), true);
  }

  /** Whether the blob is on its way, so that not all of it can be read without waiting. */
  default boolean isArriving(Digest digest) {
    return false;
  }

  @Override
  default byte[] readDirectory(Digest digest, int limit) throws IOException {
    return read(digest, limit);
  }

  /**
   * Keeps what is there now of a tree until the lease is closed, where blobs may go that nobody
   * keeps. It takes the same time whatever the tree's size.
   *
   * @param root a directory's digest
   */
  default Lease lease(Digest root) throws IOException {
    return Lease.NONE;
  }

  /**
   * Says that an action is about to use a tree, so that what it will need may be had ready. Does
   * not wait.
   *
   * @param root the tree's root directory
   * @param command the program and its arguments, as far as they are known
   * @return what is closed when the action has ended
   */
  default Lease expect(Digest root, List<String> command) {
    return Lease.NONE;
  }

  /**
   * Says that a real tree is about to be made of a tree, which takes all of its blobs: where one of
   * them must be fetched, the others may be fetched meanwhile. Does not wait.
   *
   * @param root the tree's root directory
   * @return what is closed when the tree has been made
   */
  default Lease expectAll(Digest root) {
    return Lease.NONE;
  }
}
