package build.inputfs.it.harness;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Writes one message in the protobuf wire format, field by field. The tests have it apart from the
 * program's own so that each checks the other, and so that they can write what no encoder would.
 */
public final class WireMessage {
  private static final int VARINT = 0;
  private static final int BYTES = 2;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A number, a boolean, or an enum's value; zero is left out, as it is the default. */
  public WireMessage number(int field, long value) {
    if (value != 0) {
      varint(((long) field << 3) | VARINT);
      varint(value);
    }
    return this;
  }

  public WireMessage bytes(int field, byte[] value) {
    varint(((long) field << 3) | BYTES);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  public WireMessage text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  public WireMessage message(int field, WireMessage value) {
    return bytes(field, value.toBytes());
  }

  /** All the fields of another message, after those that are here. */
  public WireMessage append(WireMessage other) {
    out.writeBytes(other.toBytes());
    return this;
  }

  public byte[] toBytes() {
    return out.toByteArray();
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.write((int) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
