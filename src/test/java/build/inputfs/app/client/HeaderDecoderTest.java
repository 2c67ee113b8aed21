package build.inputfs.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersEncoder;
import java.io.IOException;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The decoder of headers against Netty's encoder. */
final class HeaderDecoderTest {
  private static final long SEED = Long.getLong("inputfs.seed", 5);

  @Test
  void decode_ofWhatNettyEncodes_isTheSame() throws Exception {
    Random random = new Random(SEED);
    for (int huffmanFrom : new int[] {0, 512}) {
      DefaultHttp2HeadersEncoder encoder =
          new DefaultHttp2HeadersEncoder(
              Http2HeadersEncoder.NEVER_SENSITIVE, true, 64, huffmanFrom);
      encoder.configuration().maxHeaderTableSize(0);
      for (int round = 0; round < 300; round++) {
        Map<String, String> fields = new TreeMap<>();
        fields.put(":status", random.nextBoolean() ? "200" : "418");
        for (int i = 0; i < random.nextInt(5); i++) {
          fields.put("x-" + i + text(random, 'a', 'z'), text(random, ' ', '~'));
        }
        assertThat(HeaderDecoder.decode(encode(encoder, fields)))
            .as("seed %d, round %d", SEED, round)
            .isEqualTo(fields);
      }
    }
  }

  @Test
  void decode_ofRandomBytes_failsInNoOtherWayThanItSays() {
    Random random = new Random(SEED);
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      byte[] block = new byte[random.nextInt(40)];
      random.nextBytes(block);
      try {
        HeaderDecoder.decode(block);
      } catch (IOException e) {
        refused++;
      }
    }
    assertThat(refused).isPositive();
  }

  @Test
  void decode_ofAReferenceToADynamicTable_fails() {
    assertThatThrownBy(() -> HeaderDecoder.decode(new byte[] {(byte) 0xbe}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("table");
  }

  private static byte[] encode(DefaultHttp2HeadersEncoder encoder, Map<String, String> fields)
      throws Http2Exception {
    Http2Headers headers = new DefaultHttp2Headers(false);
    fields.forEach(headers::add);
    ByteBuf buffer = Unpooled.buffer();
    encoder.encodeHeaders(3, headers, buffer);
    return ByteBufUtil.getBytes(buffer);
  }

  private static String text(Random random, char first, char last) {
    StringBuilder text = new StringBuilder();
    int length = random.nextInt(random.nextInt(10) == 0 ? 700 : 20);
    for (int i = 0; i < length; i++) {
      text.append((char) (first + random.nextInt(last - first + 1)));
    }
    return text.toString();
  }
}
