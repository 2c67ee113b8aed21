package build.inputfs.app.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;

/**
 * The Huffman code of HPACK: RFC 7541, appendix B. It is a canonical code: of its symbols, in the
 * order of their codes' lengths and then of their values, each has the code that follows the last.
 * So the lengths alone define it.
 */
final class HuffmanCode {
  /** The length of the code of each byte, as a letter: A is 5 bits, B is 6 and so on. */
  private static final String LENGTHS =
      "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCC"
          + "CCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRR"
          + "TQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV";

  private static final int SHORTEST = 5;
  private static final int LONGEST = 30;

  private HuffmanCode() {}

  /** Decodes what is padded with ones at its end. */
  static byte[] decode(byte[] coded, int offset, int length) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(length * 2);
    int code = 0;
    int bits = 0;
    for (int i = 0; i < length * 8; i++) {
      code = (code << 1) | ((coded[offset + i / 8] >> (7 - i % 8)) & 1);
      bits++;
      int symbol = symbol(code, bits);
      if (symbol >= 0) {
        out.write(symbol);
        code = 0;
        bits = 0;
      }
    }
    if (bits > 7 || code != (1 << bits) - 1) {
      throw new IOException("a text in the header does not end as Huffman codes do");
    }
    return out.toByteArray();
  }

  /** The byte of this code, or -1 where it is only the beginning of one. */
  private static int symbol(int code, int bits) throws IOException {
    if (bits < SHORTEST) {
      return -1;
    }
    if (bits > LONGEST) {
      throw new IOException("a text in the header has no such Huffman code");
    }
    int first = 0;
    for (int length = SHORTEST; ; length++) {
      int rank = length == bits ? code - first : Integer.MAX_VALUE;
      int count = 0;
      for (int symbol = 0; symbol < LENGTHS.length(); symbol++) {
        if (LENGTHS.charAt(symbol) - 'A' + SHORTEST == length && count++ == rank) {
          return symbol;
        }
      }
      if (length == bits) {
        return -1;
      }
      first = (first + count) << 1;
    }
  }
}
