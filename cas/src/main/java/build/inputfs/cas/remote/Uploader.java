package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Sends blobs to a remote, if it does not have them: small ones in batches, large ones in streams,
 * compressed where the server takes that. What is sent is read from where it lies, and is on the
 * heap in pieces only. Thread-safe.
 */
public final class Uploader {
  private final RemoteCas remote;
  private final ContentSource source;

  /**
   * @param source of the blobs; {@code store::openBlobChannel} of a local store, say
   */
  public Uploader(RemoteCas remote, ContentSource source) {
    this.remote = remote;
    this.source = source;
  }

  /**
   * What came of an upload.
   *
   * @param sent how many blobs the remote did not have, and has now
   * @param sentBytes of these
   * @param failures why the others could not be sent
   */
  public record Report(int sent, long sentBytes, Map<Digest, IOException> failures) {
    /**
     * Throws the first failure, with all others attached to it.
     *
     * @throws IOException when there is one
     */
    public void check() throws IOException {
      IOException first = null;
      for (IOException failure : failures.values()) {
        if (first == null) {
          first = failure;
        } else {
          first.addSuppressed(failure);
        }
      }
      if (first != null) {
        throw first;
      }
    }
  }

  /**
   * Sends these blobs.
   *
   * @throws RemoteException when the remote cannot be asked what it has
   */
  public Report upload(Collection<Digest> digests) throws IOException {
    List<Digest> missing = remote.findMissing(digests);
    Map<Digest, IOException> failures = remote.write(missing, source);
    List<Digest> sent = missing.stream().filter(digest -> !failures.containsKey(digest)).toList();
    return new Report(sent.size(), BatchPlan.bytes(sent), failures);
  }
}
