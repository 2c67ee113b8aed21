package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;

/** Says that a directory, or a tree of them, breaks the rules and is refused as a whole. */
public final class InvalidTreeException extends IOException {
  private final Digest digest;
  private final String reason;

  /**
   * @param digest of the directory that is wrong
   * @param reason what is wrong with it
   */
  public InvalidTreeException(Digest digest, String reason) {
    super("directory " + digest + " is invalid: " + reason);
    this.digest = digest;
    this.reason = reason;
  }

  /** The digest of the directory that is wrong. */
  public Digest digest() {
    return digest;
  }

  /** What is wrong with it, without its digest. */
  public String reason() {
    return reason;
  }
}
