package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.Collection;

/**
 * Blobs that are elsewhere, to be read. Thread-safe; every method may wait for the network, and
 * throws {@link java.io.InterruptedIOException} when the calling thread is interrupted.
 */
public interface RemoteBlobs {
  /** What messages call where they are. Does not wait. */
  String name();

  /**
   * Reads small blobs, with as few calls as it takes.
   *
   * @param sink gets an answer for each blob, in any order, each once: failures too
   * @throws IOException when no more can be had, or what the sink throws
   */
  void readBatch(Collection<Digest> digests, BatchSink sink) throws IOException;

  /**
   * Reads a whole blob, in order, for a caller who verifies it as he takes it.
   *
   * @throws build.inputfs.cas.store.MissingBlobException when the remote does not have it
   * @throws IOException when it cannot be had wholly, or what the sink throws
   */
  void readUnverified(Digest digest, ChunkSink sink) throws IOException;

  /**
   * Reads the directories of a tree, as far as the remote has them: what is missing is left out,
   * and what is below it.
   *
   * @throws build.inputfs.cas.store.MissingBlobException when the remote does not have the root
   * @throws IOException when it breaks off, or what the sink throws
   */
  void tree(Digest root, TreeSink sink) throws IOException;
}
