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
      1, "SHA-256", "sha256", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
  SHA1(2, "SHA-1", "sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
  MD5(3, "MD5", "md5", "d41d8cd98f00b204e9800998ecf8427e"),
  SHA384(
      5,
      "SHA-384",
      "sha384",
      "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da"
          + "274edebfe76f65fbd51ad2f14898b95b"),
  SHA512(
      6,
      "SHA-512",
      "sha512",
      "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
          + "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"),
  BLAKE3(9, "BLAKE3", "blake3", "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");

  private final String title;
  private final String resourceName;
  private final int hashLength;
  private final int number;

  // A Digest holds an array, which it never changes and never hands out.
  @SuppressWarnings("ImmutableEnumChecker")
  private final Digest empty;

  // The hash of nothing is given: to compute it would start the JDK's security for who never
  // hashes.
  DigestFunction(int number, String title, String resourceName, String emptyHash) {
    byte[] hash = HexFormat.of().parseHex(emptyHash);
    this.title = title;
    this.resourceName = resourceName;
    this.hashLength = hash.length;
    this.number = number;
    this.empty = new Digest(hash, 0);
  }

  /**
   * The function that makes hashes of so many bytes, or null when there is none. Hashes of 32 bytes
   * are taken for those of SHA-256, as the Remote Execution API does where nothing else is said.
   */
  public static @Nullable DigestFunction ofHashLength(int bytes) {
    for (DigestFunction function : values()) {
      if (function.hashLength == bytes) {
        return function;
      }
    }
    return null;
  }

  /** The function with this name, as {@link #resourceName} gives it, or null. */
  public static @Nullable DigestFunction named(String name) {
    for (DigestFunction function : values()) {
      if (function.resourceName.equals(name)) {
        return function;
      }
    }
    return null;
  }

  /** The function's name for people. */
  public String title() {
    return title;
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

  /**
   * What a blob of this function is called within an instance: {@code blobs/hash/size}, or {@code
   * blobs/function/hash/size} for functions that the hash's length does not tell.
   */
  public String blobName(Digest digest) {
    return "blobs/" + (isNamed() ? resourceName + "/" : "") + digest;
  }

  /**
   * Whether resource names, and Bazel's disk cache, tell this function by its name, as the length
   * of its hashes is another's too.
   */
  public boolean isNamed() {
    return ofHashLength(hashLength) != this;
  }

  /**
   * Reads a digest of this function in any form that {@link Digest#parse} reads.
   *
   * @throws InvalidDigestException when it is none, or one of another function
   */
  public Digest parse(String text) {
    return DigestParser.parse(text, this);
  }

  /** The digest of no bytes at all. */
  public Digest empty() {
    return empty;
  }

  /** A new hasher, for one thread at a time. */
  public MessageDigest newHasher() {
    return switch (this) {
      case BLAKE3 -> new Blake3();
      case SHA256, SHA1, MD5, SHA384, SHA512 -> hasher(title);
    };
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
