package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;

/** Says that some content is not what its digest says it is. */
public final class DigestMismatchException extends IOException {
  /**
   * @param what where the content came from, for the message
   * @param expected what the content was to be
   * @param actual what it is
   */
  public DigestMismatchException(String what, Digest expected, Digest actual) {
    this(what + " is " + actual + " and not " + expected);
  }

  DigestMismatchException(String message) {
    super(message);
  }
}
