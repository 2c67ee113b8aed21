package build.inputfs.cas.digest;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the forms in which people and programs write digests.
 *
 * <p>Resource names are those of the Remote Execution API's ByteStream service; what precedes
 * {@code blobs} names a server's instance and does not matter here, so that {@code bytestream://}
 * addresses are read too. Stateless.
 */
final class DigestParser {
  private static final Pattern PAIR = Pattern.compile("([^/:-]+)[/:-]([^/:-]+)");
  private static final Pattern HEX = Pattern.compile("[0-9a-f]+");
  private static final Pattern NUMBER = Pattern.compile("[0-9]+");

  private DigestParser() {}

  /**
   * @param wanted the function that it has to be of, or null for any
   */
  static Digest parse(String text, @Nullable DigestFunction wanted) {
    List<String> segments = Arrays.asList(text.split("/", -1));
    int blobs = segments.indexOf("blobs");
    int hash = blobs + 1;
    if (blobs < 0) {
      blobs = segments.indexOf("compressed-blobs");
      hash = blobs + 2;
    }
    if (blobs < 0) {
      Matcher pair = PAIR.matcher(text);
      if (!pair.matches()) {
        throw invalid(text, "it is not a hash and a size");
      }
      return checked(text, digest(text, pair.group(1), pair.group(2)), wanted);
    }
    DigestFunction named = hash < segments.size() ? DigestFunction.named(segments.get(hash)) : null;
    if (named != null) {
      hash++;
    }
    int end = hash + 2;
    boolean upload = blobs >= 2 && segments.get(blobs - 2).equals("uploads");
    if (segments.size() < end) {
      throw invalid(text, "the resource name ends too early");
    }
    if (segments.size() > end && !upload) {
      throw invalid(text, "something follows the size");
    }
    Digest digest = digest(text, segments.get(hash), segments.get(hash + 1));
    if (named != null && wanted != null && named != wanted) {
      throw invalid(text, "it is of %s, not %s".formatted(named.title(), wanted.title()));
    }
    return checked(text, digest, named == null ? wanted : named);
  }

  private static Digest checked(String text, Digest digest, @Nullable DigestFunction function) {
    if (function != null && function.hashLength() != digest.hashLength()) {
      throw invalid(
          text,
          "the hash has %d digits, and those of %s have %d"
              .formatted(2 * digest.hashLength(), function.title(), 2 * function.hashLength()));
    }
    return digest;
  }

  /** Says why {@code hash} is no hash, or returns null when it is one. */
  static @Nullable String problemWithHash(String hash) {
    if (!HEX.matcher(hash).matches()) {
      return "'" + hash + "' is not lowercase hexadecimal";
    }
    if (hash.length() % 2 != 0 || DigestFunction.ofHashLength(hash.length() / 2) == null) {
      return "the hash has " + hash.length() + " digits, as no digest function's has";
    }
    return null;
  }

  private static Digest digest(String text, String hash, String size) {
    String wrong = problemWithHash(hash);
    if (wrong != null) {
      throw invalid(text, wrong);
    }
    if (!NUMBER.matcher(size).matches()) {
      throw invalid(text, "'" + size + "' is not a size in bytes");
    }
    try {
      return Digest.of(HexFormat.of().parseHex(hash), Long.parseLong(size));
    } catch (NumberFormatException e) {
      throw invalid(text, "the size " + size + " is too large");
    }
  }

  private static InvalidDigestException invalid(String text, String why) {
    return new InvalidDigestException(
        "not a digest: '%s': %s; write hash/size, hash-size, hash:size or a resource name (…/blobs/hash/size)"
            .formatted(text, why));
  }
}
