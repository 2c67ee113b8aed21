package build.inputfs.it.harness;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What a blob is called: its SHA-256 and its size.
 *
 * @param hash in lower-case hexadecimal digits
 * @param size in bytes
 */
public record BlobName(String hash, long size) {

  public static BlobName of(byte[] content) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(content);
      return new BlobName(HexFormat.of().formatHex(hash), content.length);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Reads {@code hash/size}, as the program prints it. */
  public static BlobName parse(String text) {
    int slash = text.indexOf('/');
    return new BlobName(text.substring(0, slash), Long.parseLong(text.substring(slash + 1)));
  }

  /** REAPI's {@code Digest}. */
  public WireMessage toMessage() {
    return new WireMessage().text(1, hash).number(2, size);
  }

  @Override
  public String toString() {
    return hash + "/" + size;
  }
}
