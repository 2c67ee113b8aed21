package build.inputfs.cas.digest;

import java.util.Arrays;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The name of a blob: the hash of its bytes, and their number. Immutable.
 *
 * <p>Ordered by hash (as unsigned bytes), then by size. It does not know its {@link
 * DigestFunction}: the store that it is used with does, and two functions may make hashes of the
 * same length.
 */
public final class Digest implements Comparable<Digest> {
  private final byte[] hash;
  private final long size;

  /** Takes the array, which nobody may change afterwards. */
  Digest(byte[] hash, long size) {
    this.hash = hash;
    this.size = size;
  }

  /**
   * A digest of this hash and size.
   *
   * @param hash the raw bytes, as many as a {@link DigestFunction} makes; copied
   * @param size in bytes
   * @throws InvalidDigestException when no function makes such hashes, or the size is negative
   */
  public static Digest of(byte[] hash, long size) {
    return of(hash, 0, hash.length, size);
  }

  /** As {@link #of(byte[], long)}, with the hash at {@code offset} of a larger array. */
  public static Digest of(byte[] array, int offset, int hashLength, long size) {
    if (DigestFunction.ofHashLength(hashLength) == null) {
      throw new InvalidDigestException(
          "no digest function makes hashes of " + hashLength + " bytes");
    }
    if (size < 0) {
      throw new InvalidDigestException("a size cannot be negative: " + size);
    }
    return new Digest(Arrays.copyOfRange(array, offset, offset + hashLength), size);
  }

  /**
   * A digest of this hash and size.
   *
   * @param hex the hash in lowercase hexadecimal
   * @param size in bytes
   * @throws InvalidDigestException when no function makes such hashes, or the size is negative
   */
  public static Digest of(String hex, long size) {
    String wrong = DigestParser.problemWithHash(hex);
    if (wrong != null) {
      throw new InvalidDigestException(wrong);
    }
    return of(HexFormat.of().parseHex(hex), size);
  }

  /**
   * Reads {@code hash/size}, {@code hash-size}, {@code hash:size}, or a resource name of the Remote
   * Execution API: {@code [instance/]blobs/[function/]hash/size}, {@code
   * [instance/]uploads/uuid/blobs/[function/]hash/size} and the same with {@code
   * compressed-blobs/compressor} for {@code blobs}.
   *
   * @throws InvalidDigestException when it is none of these; the message says why
   */
  public static Digest parse(String text) {
    return DigestParser.parse(text, null);
  }

  /** Length of the hash in bytes. */
  public int hashLength() {
    return hash.length;
  }

  /** Size of the blob in bytes. */
  public long size() {
    return size;
  }

  /** Whether it names the blob of no bytes, which exists everywhere, by whichever function. */
  public boolean isEmpty() {
    if (size == 0) {
      for (DigestFunction function : DigestFunction.values()) {
        if (equals(function.empty())) {
          return true;
        }
      }
    }
    return false;
  }

  /** The hash in lowercase hexadecimal. */
  public String hex() {
    return HexFormat.of().formatHex(hash);
  }

  /** A copy of the raw hash. */
  public byte[] hash() {
    return hash.clone();
  }

  /** Copies the raw hash to {@code target} at {@code offset}. */
  public void copyHash(byte[] target, int offset) {
    System.arraycopy(hash, 0, target, offset, hash.length);
  }

  @Override
  public int compareTo(Digest other) {
    int byHash = Arrays.compareUnsigned(hash, other.hash);
    return byHash != 0 ? byHash : Long.compare(size, other.size);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Digest digest
        && size == digest.size
        && Arrays.equals(hash, digest.hash);
  }

  @Override
  public int hashCode() {
    // The bytes of a good hash are as evenly spread as any function of them.
    return hash[0] << 24 | (hash[1] & 0xff) << 16 | (hash[2] & 0xff) << 8 | (hash[3] & 0xff);
  }

  /** {@code hash/size}, which {@link #parse} reads. */
  @Override
  public String toString() {
    return hex() + "/" + size;
  }
}
