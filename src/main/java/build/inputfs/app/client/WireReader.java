package build.inputfs.app.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of a message as protocol buffers have them, one after the other: {@link #next},
 * then what the field holds. For one thread.
 *
 * <p>Why not protobuf's own reader: it first looks for classes of other platforms in all jars,
 * which takes longer than all that a short command reads.
 */
final class WireReader {
  private static final int VARINT = 0;
  private static final int FIXED_64 = 1;
  private static final int BYTES = 2;
  private static final int FIXED_32 = 5;

  private final ByteBuffer in;
  private int type;

  /** Reads {@code message}, which is not to be changed meanwhile. */
  WireReader(byte[] message) {
    this(ByteBuffer.wrap(message));
  }

  private WireReader(ByteBuffer in) {
    this.in = in;
  }

  /** Goes to the next field, of which nothing has been read: its number, or 0 at the end. */
  int next() throws IOException {
    if (!in.hasRemaining()) {
      return 0;
    }
    long tag = varint();
    type = (int) (tag & 7);
    long field = tag >>> 3;
    if (field <= 0 || field >= 1 << 29) {
      throw malformed();
    }
    return (int) field;
  }

  /** The present field's number. */
  long number() throws IOException {
    if (type != VARINT) {
      throw malformed();
    }
    return varint();
  }

  /** The present field's text. */
  String text() throws IOException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(block()).toString();
    } catch (CharacterCodingException e) {
      throw new IOException("the daemon's answer has a text that is not UTF-8", e);
    }
  }

  /** The present field's message. */
  WireReader message() throws IOException {
    return new WireReader(block());
  }

  /** The present field's bytes. */
  byte[] bytes() throws IOException {
    ByteBuffer block = block();
    byte[] bytes = new byte[block.remaining()];
    block.get(bytes);
    return bytes;
  }

  /** Leaves the present field out. */
  void skip() throws IOException {
    switch (type) {
      case VARINT -> varint();
      case FIXED_64 -> take(Long.BYTES);
      case BYTES -> block();
      case FIXED_32 -> take(Integer.BYTES);
      default -> throw malformed();
    }
  }

  private ByteBuffer block() throws IOException {
    if (type != BYTES) {
      throw malformed();
    }
    return take(varint());
  }

  private ByteBuffer take(long length) throws IOException {
    if (length < 0 || length > in.remaining()) {
      throw malformed();
    }
    ByteBuffer block = in.slice(in.position(), (int) length);
    in.position(in.position() + (int) length);
    return block;
  }

  private long varint() throws IOException {
    long value = 0;
    for (int shift = 0; shift < Long.SIZE && in.hasRemaining(); shift += 7) {
      byte next = in.get();
      value |= (next & 0x7fL) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed();
  }

  private static IOException malformed() {
    return new IOException("the daemon's answer is no message");
  }
}
