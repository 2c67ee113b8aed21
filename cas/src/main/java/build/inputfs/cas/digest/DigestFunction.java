package build.inputfs.cas.digest;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * A hash function that names blobs. Immutable; any thread may use it.
 *
 * <p>Names and numbers are those of the Remote Execution API's {@code DigestFunction.Value}.
 */
public enum DigestFunction {
  SHA256(
      "SHA-256", "sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1);

  private final String algorithm;
  private final String resourceName;
  private final int hashLength;
  private final int number;

  // A Digest holds an array, which it never changes and never hands out.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Digest empty;

  // The hash of nothing is given: to compute it would start the JDK's security for who never
  // hashes.
  DigestFunction(String algorithm, String resourceName, String emptyHash, int number) {
    byte[] hash = HexFormat.of().parseHex(emptyHash);
    this.algorithm = algorithm;
    this.resourceName = resourceName;
    this.hashLength = hash.length;
    this.number = number;
    this.empty = new Digest(hash, 0);
  }

  /** The function that makes hashes of so many bytes, or null when there is none. */
  public static @Nullable DigestFunction ofHashLength(int bytes) {
    for (DigestFunction function : values()) {
      if (function.hashLength == bytes) {
        return function;
      }
    }
    return null;
  }

  /** Length of a hash in bytes; in hexadecimal it is twice that. */
  public int hashLength() {
    return hashLength;
  }

  /** The function's number in the Remote Execution API. */
  public int number() {
    return number;
  }

  /** The function's name as it stands in resource names: the API's name in lower case. */
  public String resourceName() {
    return resourceName;
  }

  /** The digest of no bytes at all. */
  public Digest empty() {
    return empty;
  }

  /** A new hasher, for one thread at a time. */
  public MessageDigest newHasher() {
    return hasher(algorithm);
  }

  /** The digest of {@code data}. */
  public Digest digest(byte[] data) {
    return new Digest(newHasher().digest(data), data.length);
  }

  private static MessageDigest hasher(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("this Java runtime has no " + algorithm, e);
    }
  }
}
