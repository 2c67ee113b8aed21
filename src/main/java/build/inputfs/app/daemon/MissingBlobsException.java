package build.inputfs.app.daemon;

import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.util.List;

/** Says which blobs of a tree are not in the store. */
public final class MissingBlobsException extends IOException {
  private final List<String> blobs;

  /**
   * @param blobs their names, as {@link DigestFunction#blobName} gives them; at least one
   */
  public MissingBlobsException(List<String> blobs) {
    super(
        blobs.size() == 1
            ? "missing blob " + blobs.getFirst()
            : "%d missing blobs, the first is %s".formatted(blobs.size(), blobs.getFirst()));
    this.blobs = List.copyOf(blobs);
  }

  /** The names of all that are known to be missing. */
  public List<String> blobs() {
    return blobs;
  }
}
