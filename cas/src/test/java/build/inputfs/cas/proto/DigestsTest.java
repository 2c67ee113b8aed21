package build.inputfs.cas.proto;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.digest.InvalidDigestException;
import org.junit.jupiter.api.Test;

final class DigestsTest {
  private static final build.inputfs.cas.digest.Digest DIGEST =
      DigestFunction.SHA256.digest(new byte[] {1, 2, 3});

  @Test
  void toProto_isReadBack() {
    Digest message = Digests.toProto(DIGEST);
    assertThat(message.getHash()).isEqualTo(DIGEST.hex());
    assertThat(message.getSizeBytes()).isEqualTo(3);
    assertThat(Digests.fromProto(message)).isEqualTo(DIGEST);
  }

  @Test
  void fromProto_ofMessageThatWasNeverSet_isRefused() {
    assertThatThrownBy(() -> Digests.fromProto(Digest.getDefaultInstance()))
        .isInstanceOf(InvalidDigestException.class);
  }

  @Test
  void fromProto_ofNegativeSize_isRefused() {
    Digest message = Digests.toProto(DIGEST).toBuilder().setSizeBytes(-1).build();
    assertThatThrownBy(() -> Digests.fromProto(message))
        .isInstanceOf(InvalidDigestException.class)
        .hasMessageContaining("-1");
  }
}
