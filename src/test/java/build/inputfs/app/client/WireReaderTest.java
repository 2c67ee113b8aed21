package build.inputfs.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.CodedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The reader of messages against protobuf's writer. */
final class WireReaderTest {
  private static final long SEED = Long.getLong("inputfs.seed", 6);

  @Test
  void next_ofWhatProtobufWrites_givesTheFieldsInTheirOrder() throws Exception {
    Random random = new Random(SEED);
    for (int round = 0; round < 500; round++) {
      int first = 1 + random.nextInt(1 << random.nextInt(1, 28));
      long number = random.nextLong() >> random.nextInt(64);
      String text = "é".repeat(random.nextInt(200)) + round;
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.writeInt64(first, number);
      out.writeFixed64(2, number);
      out.writeFixed32(3, round);
      out.writeString(4, text);
      out.writeString(5, text);
      out.writeByteArray(6, message(first, text));
      out.flush();
      WireReader in = new WireReader(bytes.toByteArray());
      String seed = "seed " + SEED + ", round " + round;
      assertThat(in.next()).as(seed).isEqualTo(first);
      assertThat(in.number()).as(seed).isEqualTo(number);
      for (int skipped = 2; skipped <= 4; skipped++) {
        assertThat(in.next()).as(seed).isEqualTo(skipped);
        in.skip();
      }
      assertThat(in.next()).as(seed).isEqualTo(5);
      assertThat(in.text()).as(seed).isEqualTo(text);
      assertThat(in.next()).as(seed).isEqualTo(6);
      WireReader inner = in.message();
      assertThat(in.next()).as(seed).isZero();
      assertThat(inner.next()).as(seed).isEqualTo(first);
      assertThat(inner.bytes()).as(seed).isEqualTo(text.getBytes(StandardCharsets.UTF_8));
      assertThat(inner.next()).as(seed).isZero();
    }
  }

  private static byte[] message(int field, String text) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeString(field, text);
    out.flush();
    return bytes.toByteArray();
  }

  @Test
  void next_ofRandomBytes_failsInNoOtherWayThanItSays() {
    Random random = new Random(SEED);
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      WireReader in = new WireReader(bytes);
      try {
        while (in.next() != 0) {
          in.skip();
        }
      } catch (IOException e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void text_whenItIsNotUtf8_isRefused() throws Exception {
    WireReader in = new WireReader(new byte[] {1 << 3 | 2, 1, (byte) 0xff});
    assertThat(in.next()).isEqualTo(1);
    assertThatThrownBy(in::text).isInstanceOf(IOException.class);
  }
}
