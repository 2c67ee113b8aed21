package build.inputfs.app.client;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Reads a header block of HTTP/2: HPACK, RFC 7541, without a dynamic table, as this client tells
 * the other side to do without. Of the static table only {@code :status} is known: gRPC uses no
 * other name of it.
 */
final class HeaderDecoder {
  static final String STATUS = ":status";

  /** Where the static table has {@code :status}, with these values. */
  private static final int FIRST_STATUS = 8;

  private static final String[] STATUSES = {"200", "204", "206", "304", "400", "404", "500"};
  private static final int STATIC_TABLE_SIZE = 61;
  private static final int NEVER_INDEXED_PREFIX = 4;

  private final byte[] block;
  private final Map<String, String> fields = new HashMap<>();
  private int at;

  private HeaderDecoder(byte[] block) {
    this.block = block;
  }

  /** The fields whose names are known or spelt out. */
  static Map<String, String> decode(byte[] block) throws IOException {
    HeaderDecoder decoder = new HeaderDecoder(block);
    try {
      decoder.decode();
    } catch (IndexOutOfBoundsException e) {
      throw new IOException("a header block ends too soon", e);
    }
    return decoder.fields;
  }

  private void decode() throws IOException {
    while (at < block.length) {
      int first = block[at] & 0xff;
      if (first >= 0x80) {
        int index = checked(integer(7));
        if (isStatus(index)) {
          fields.put(STATUS, STATUSES[index - FIRST_STATUS]);
        }
      } else if (first >= 0x40) {
        literal(integer(6));
      } else if (first >= 0x20) {
        integer(5); // a new size of the table that is not used
      } else {
        literal(integer(NEVER_INDEXED_PREFIX));
      }
    }
  }

  private void literal(int nameIndex) throws IOException {
    String name = "";
    if (nameIndex == 0) {
      name = text();
    } else if (isStatus(checked(nameIndex))) {
      name = STATUS;
    }
    String value = text();
    if (!name.isEmpty()) {
      fields.put(name, value);
    }
  }

  private static boolean isStatus(int index) {
    return index >= FIRST_STATUS && index < FIRST_STATUS + STATUSES.length;
  }

  private static int checked(int index) throws IOException {
    if (index < 1 || index > STATIC_TABLE_SIZE) {
      throw new IOException("a header refers to a table that was not to be used");
    }
    return index;
  }

  private String text() throws IOException {
    boolean coded = (block[at] & 0x80) != 0;
    int length = integer(7);
    if (length > block.length - at) {
      throw new IndexOutOfBoundsException(length);
    }
    byte[] text =
        coded
            ? HuffmanCode.decode(block, at, length)
            : java.util.Arrays.copyOfRange(block, at, at + length);
    at += length;
    return new String(text, StandardCharsets.UTF_8);
  }

  /** A number whose first bits are the last {@code prefix} ones of the next byte. */
  private int integer(int prefix) throws IOException {
    int most = (1 << prefix) - 1;
    long value = block[at++] & most;
    if (value < most) {
      return (int) value;
    }
    int shift = 0;
    int next;
    do {
      next = block[at++];
      value += (long) (next & 0x7f) << shift;
      shift += 7;
      if (value > Integer.MAX_VALUE) {
        throw new IOException("a number in a header is too large");
      }
    } while (next < 0);
    return (int) value;
  }
}
