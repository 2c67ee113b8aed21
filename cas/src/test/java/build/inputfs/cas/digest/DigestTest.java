package build.inputfs.cas.digest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DigestTest {
  /** SHA-256 of "abc", from FIPS 180-2, appendix B.1. */
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  private static final Digest DIGEST = Digest.of(ABC, 3);

  @Test
  void digest_ofKnownText_isThatOfTheStandard() {
    assertThat(DigestFunction.SHA256.digest("abc".getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "%s/3",
        "%s-3",
        "%s:3",
        "blobs/%s/3",
        "blobs/sha256/%s/3",
        "main/blobs/%s/3",
        "a/long/instance/name/blobs/sha256/%s/3",
        "uploads/4f5c9d26-0b5f-4f0a-8a6e-6a2d2f4b9d11/blobs/%s/3",
        "main/uploads/4f5c9d26-0b5f-4f0a-8a6e-6a2d2f4b9d11/blobs/sha256/%s/3",
        "main/uploads/4f5c9d26-0b5f-4f0a-8a6e-6a2d2f4b9d11/blobs/%s/3/some/file.txt",
        "compressed-blobs/zstd/%s/3",
        "main/compressed-blobs/zstd/sha256/%s/3",
        "uploads/4f5c9d26-0b5f-4f0a-8a6e-6a2d2f4b9d11/compressed-blobs/deflate/%s/3",
        "bytestream://cache.example:443/main/blobs/%s/3",
      })
  void parse_ofEveryForm_givesTheDigest(String form) {
    assertThat(Digest.parse(form.formatted(ABC))).isEqualTo(DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "abc",
        "%s",
        "%s/",
        "%s/x",
        "%s/-3",
        "%s/+3",
        "%s/3/4",
        "%s/3 ",
        " %s/3",
        "%s_3",
        "%s//3",
        "0%s/3",
        "ab/3",
        "%s/9223372036854775808",
        "blobs/%s",
        "blobs",
        "blobs/%s/3/trailing",
        "blobs/sha1/%s/3",
        "compressed-blobs/%s/3",
        "compressed-blobs/zstd/%s",
        "uploads/u/blobs/%s",
      })
  void parse_ofAnythingElse_saysWhatIsWrongAndWhatToWrite(String form) {
    String text = form.formatted(ABC);
    assertThatThrownBy(() -> Digest.parse(text))
        .isInstanceOf(InvalidDigestException.class)
        .hasMessageContaining("not a digest: '" + text + "': ")
        .hasMessageContaining("hash/size, hash-size, hash:size");
  }

  @Test
  void parse_ofUppercaseHash_isRefused() {
    assertThatThrownBy(() -> Digest.parse(ABC.toUpperCase(java.util.Locale.ROOT) + "/3"))
        .isInstanceOf(InvalidDigestException.class)
        .hasMessageContaining("not lowercase hexadecimal");
  }

  @Test
  void toString_isReadBack() {
    assertThat(DIGEST).hasToString(ABC + "/3");
    assertThat(Digest.parse(DIGEST.toString())).isEqualTo(DIGEST).hasSameHashCodeAs(DIGEST);
  }

  @Test
  void of_withHashOfAnotherLengthOrNegativeSize_isRefused() {
    assertThatThrownBy(() -> Digest.of(new byte[31], 0)).isInstanceOf(InvalidDigestException.class);
    assertThatThrownBy(() -> Digest.of(new byte[32], -1))
        .isInstanceOf(InvalidDigestException.class);
    assertThatThrownBy(() -> Digest.of("", 0)).isInstanceOf(InvalidDigestException.class);
  }

  @Test
  void isEmpty_isTrueForTheEmptyBlobAlone() {
    Digest empty = DigestFunction.SHA256.digest(new byte[0]);
    assertThat(empty.isEmpty()).isTrue();
    assertThat(empty).isEqualTo(DigestFunction.SHA256.empty());
    assertThat(Digest.of(ABC, 0).isEmpty()).isFalse();
    assertThat(Digest.of(empty.hex(), 1).isEmpty()).isFalse();
  }

  @ParameterizedTest
  @EnumSource
  void function_knowsItsEmptyBlobAndItsName(DigestFunction function) {
    Digest empty = function.digest(new byte[0]);
    assertThat(empty).isEqualTo(function.empty());
    assertThat(empty.isEmpty()).isTrue();
    assertThat(empty.hashLength()).isEqualTo(function.hashLength());
    assertThat(DigestFunction.named(function.resourceName())).isSameAs(function);
    assertThat(function.parse(function.blobName(empty))).isEqualTo(empty);
    assertThat(function.parse(empty.toString())).isEqualTo(empty);
    // REAPI's DigestFunction.Value
    assertThat(function.number())
        .isEqualTo(
            switch (function) {
              case SHA256 -> 1;
              case SHA1 -> 2;
              case MD5 -> 3;
              case SHA384 -> 5;
              case SHA512 -> 6;
              case BLAKE3 -> 9;
            });
  }

  @Test
  void blobName_namesTheFunctionWhereTheLengthDoesNotTellIt() {
    assertThat(DigestFunction.SHA256.blobName(DIGEST)).isEqualTo("blobs/" + DIGEST);
    assertThat(DigestFunction.BLAKE3.blobName(DIGEST)).isEqualTo("blobs/blake3/" + DIGEST);
  }

  @Test
  void parse_ofADigestOfAnotherFunction_isRefused() {
    assertThatThrownBy(() -> DigestFunction.SHA1.parse(DIGEST.toString()))
        .isInstanceOf(InvalidDigestException.class)
        .hasMessageContaining("the hash has 64 digits, and those of SHA-1 have 40");
    assertThatThrownBy(() -> DigestFunction.BLAKE3.parse("blobs/sha256/" + DIGEST))
        .isInstanceOf(InvalidDigestException.class)
        .hasMessageContaining("it is of SHA-256, not BLAKE3");
    assertThat(DigestFunction.BLAKE3.parse("blobs/" + DIGEST)).isEqualTo(DIGEST);
  }

  @Test
  void equals_looksAtHashAndSize() {
    assertThat(Digest.of(ABC, 3)).isEqualTo(DIGEST);
    assertThat(Digest.of(ABC, 4)).isNotEqualTo(DIGEST);
    assertThat(Digest.of("0" + ABC.substring(1), 3)).isNotEqualTo(DIGEST);
  }

  @Test
  void compareTo_takesHashesAsUnsignedThenSizes() {
    Digest low = Digest.of("7f" + ABC.substring(2), 9);
    Digest high = Digest.of("80" + ABC.substring(2), 1);
    Digest higher = Digest.of("80" + ABC.substring(2), 2);
    assertThat(List.of(higher, low, high).stream().sorted()).containsExactly(low, high, higher);
  }

  @Test
  void digest_isNotChangedThroughTheArraysGivenAndTaken() {
    byte[] hash = HexFormat.of().parseHex(ABC);
    Digest digest = Digest.of(hash, 3);
    hash[0] = 0;
    digest.hash()[1] = 0;
    assertThat(digest).isEqualTo(DIGEST);
  }
}
