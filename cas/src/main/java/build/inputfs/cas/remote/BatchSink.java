package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Takes the blobs of a batch. All calls are made by the thread that reads the batch, one after the
 * other; each digest is answered once. It must not read from the same remote itself.
 */
public interface BatchSink {
  /**
   * Takes a blob.
   *
   * @param content all of it, verified; valid during the call only
   * @throws IOException to end the reading, which throws it on
   */
  void content(Digest digest, ByteBuffer content) throws IOException;

  /**
   * Hears that a blob cannot be had.
   *
   * @param cause a {@link build.inputfs.cas.store.MissingBlobException} where the remote does not
   *     have it, else a {@link RemoteException}
   * @throws IOException to end the reading, which throws it on
   */
  void failure(Digest digest, IOException cause) throws IOException;
}
