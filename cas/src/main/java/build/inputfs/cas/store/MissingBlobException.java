package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;

/** Says that a blob is not in the store, or does not have its size. */
public final class MissingBlobException extends IOException {
  private final Digest digest;

  /**
   * @param digest of the blob
   * @param detail what is there instead, or the empty string when nothing is
   */
  public MissingBlobException(Digest digest, String detail) {
    super("missing blob blobs/" + digest + (detail.isEmpty() ? "" : " (" + detail + ")"));
    this.digest = digest;
  }

  /** The digest of the blob that is missing. */
  public Digest digest() {
    return digest;
  }
}
