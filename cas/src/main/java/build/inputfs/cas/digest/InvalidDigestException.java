package build.inputfs.cas.digest;

/** Says that a text or message does not name a blob, and why. */
public final class InvalidDigestException extends IllegalArgumentException {
  public InvalidDigestException(String message) {
    super(message);
  }
}
