package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The layout of {@code linux/fuse.h} that requests and replies have on a ring, and CPU lists. */
final class RingEntryTest {
  /** Where the payload and the request in one piece are: after a page, and after both. */
  private static final int PAYLOAD = 4096;

  private static final int REQUEST = PAYLOAD + (1 << 20);

  private RingEntry entry;
  private ByteBuffer memory;

  @BeforeEach
  void open() {
    try {
      entry = RingEntry.open(Posix.load());
    } catch (PosixException e) {
      String reason = "skipped: " + e.getMessage();
      System.out.println(reason);
      abort(reason);
    }
    memory = entry.memory();
  }

  @AfterEach
  void close() {
    if (entry != null) {
      entry.close();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8, 40, 88, 128})
  void request_isPutInOnePiece(int operation) {
    byte[] name = "a-name\0".getBytes(StandardCharsets.US_ASCII);
    memory.putInt(0, 40 + operation + name.length).putInt(4, 1).putLong(8, 77).putLong(16, 5);
    for (int i = 0; i < 128; i++) {
      memory.put(128 + i, (byte) (i + 1));
    }
    memory.put(PAYLOAD, name);
    memory.putInt(272, name.length);
    entry.placeRequest();

    Request request = new Request(memory.slice(REQUEST, 4096).order(ByteOrder.nativeOrder()));
    assertThat(request.length()).isEqualTo(40 + operation + name.length);
    assertThat(request.opcode()).isEqualTo(Opcode.LOOKUP);
    assertThat(request.unique()).isEqualTo(77);
    assertThat(request.node()).isEqualTo(5);
    for (int i = 0; i < operation; i++) {
      assertThat(memory.get(REQUEST + 40 + i)).isEqualTo((byte) (i + 1));
    }
    byte[] found = new byte[name.length];
    memory.get(REQUEST + 40 + operation, found);
    assertThat(found).isEqualTo(name);
  }

  @Test
  void reply_isSplitIntoHeaderAndPayload() {
    Reply reply = new Reply(memory.slice(PAYLOAD - 16, 4096).order(ByteOrder.nativeOrder()));
    int length = reply.bytes(77, "target".getBytes(StandardCharsets.US_ASCII));
    entry.placeReply(length);

    assertThat(memory.getInt(0)).isEqualTo(16 + 6);
    assertThat(memory.getInt(4)).isZero();
    assertThat(memory.getLong(8)).isEqualTo(77);
    assertThat(memory.getInt(272)).isEqualTo(6);
    assertThat(memory.get(PAYLOAD)).isEqualTo((byte) 't');
  }

  @ParameterizedTest
  @CsvSource(
      value = {"0;1", "0-1;2", "0-3,8;5", "0,2-3,5-7;6"},
      delimiter = ';')
  void listOfCpus_isCounted(String list, int count) {
    assertThat(Rings.count(list + "\n")).isEqualTo(count);
  }
}
