package build.inputfs.app.daemon;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.util.List;

/** Says which blobs of a tree are not in the store. */
public final class MissingBlobsException extends IOException {
  private final List<Digest> digests;

  /**
   * @param digests at least one
   */
  public MissingBlobsException(List<Digest> digests) {
    super(
        digests.size() == 1
            ? "missing blob blobs/" + digests.getFirst()
            : "%d missing blobs, the first is blobs/%s"
                .formatted(digests.size(), digests.getFirst()));
    this.digests = List.copyOf(digests);
  }

  /** All that are known to be missing. */
  public List<Digest> digests() {
    return digests;
  }
}
