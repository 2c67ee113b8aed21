package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;

/** Says that a blob is not in the store, or does not have its size. */
public final class MissingBlobException extends IOException {
  private final Digest digest;
  private final String blob;

  /**
   * Of a blob whose hash tells its function by its length.
   *
   * @param detail what is there instead, or the empty string when nothing is
   */
  public MissingBlobException(Digest digest, String detail) {
    this(byLength(digest), digest, detail);
  }

  /**
   * @param function of the store
   * @param digest of the blob
   * @param detail what is there instead, or the empty string when nothing is
   */
  public MissingBlobException(DigestFunction function, Digest digest, String detail) {
    super(
        "missing blob "
            + function.blobName(digest)
            + (detail.isEmpty() ? "" : " (" + detail + ")"));
    this.digest = digest;
    this.blob = function.blobName(digest);
  }

  private static DigestFunction byLength(Digest digest) {
    DigestFunction function = DigestFunction.ofHashLength(digest.hashLength());
    return function == null ? DigestFunction.SHA256 : function;
  }

  /** The digest of the blob that is missing. */
  public Digest digest() {
    return digest;
  }

  /** The blob's name: {@link DigestFunction#blobName}. */
  public String blob() {
    return blob;
  }
}
