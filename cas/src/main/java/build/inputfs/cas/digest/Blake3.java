package build.inputfs.cas.digest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * BLAKE3 in its plain mode, with hashes of 32 bytes, after "BLAKE3: one function, fast everywhere"
 * (O'Connor, Aumasson, Neves, Wilcox-O'Hearn). For one thread at a time.
 *
 * <p>The input is cut into chunks of 1024 bytes, which are the leaves of a binary tree: each chunk
 * becomes a chaining value of eight words, each pair of neighbours one of their parent, and the one
 * that is left is the hash. Chunks do not depend on each other, so up to 64 of them are compressed
 * side by side: all loops go over their lanes, word by word, and have nothing in them that keeps
 * the compiler from making vector instructions of them. Parents are made the same way, a level at a
 * time.
 *
 * <p>The last compression of all differs from others by a flag, so the last batch of chunks waits
 * until it is known that more follows, or that nothing does. Complete batches are subtrees of equal
 * size; the values of those that have no neighbour of their size yet are on a stack, largest first.
 */
final class Blake3 extends MessageDigest {
  private static final int HASH_BYTES = 32;
  private static final int BLOCK = 64;
  private static final int CHUNK = 1024;
  private static final int BATCH_CHUNKS = 64;
  private static final int BATCH = BATCH_CHUNKS * CHUNK;

  private static final int CHUNK_START = 1;
  private static final int CHUNK_END = 2;
  private static final int PARENT = 4;
  private static final int ROOT = 8;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /** The last batch, or what has come of it; grows to the size of one. */
  private byte[] buffer = {};

  private int buffered;
  private long batches;
  private final Deque<int[]> subtrees = new ArrayDeque<>();
  private Lanes lanes = new Lanes(1);

  Blake3() {
    super("BLAKE3");
  }

  @Override
  protected int engineGetDigestLength() {
    return HASH_BYTES;
  }

  @Override
  protected void engineUpdate(byte input) {
    engineUpdate(new byte[] {input}, 0, 1);
  }

  @Override
  protected void engineUpdate(byte[] input, int offset, int length) {
    int at = offset;
    int left = length;
    while (left > 0) {
      if (buffered == BATCH) {
        batch(buffer, 0);
        buffered = 0;
      } else if (buffered == 0 && left > BATCH) {
        batch(input, at);
        at += BATCH;
        left -= BATCH;
      } else {
        int taken = Math.min(left, BATCH - buffered);
        if (buffer.length < buffered + taken) {
          int size = Math.min(BATCH, Math.max(buffered + taken, 2 * buffer.length));
          buffer = Arrays.copyOf(buffer, size);
        }
        System.arraycopy(input, at, buffer, buffered, taken);
        buffered += taken;
        at += taken;
        left -= taken;
      }
    }
  }

  /** Adds a batch of chunks that is not the last. */
  private void batch(byte[] input, int offset) {
    int[] value = subtree(input, offset, BATCH, 0);
    batches++;
    for (long merged = batches; (merged & 1) == 0; merged >>= 1) {
      value = parent(subtrees.pop(), value, 0);
    }
    subtrees.push(value);
  }

  @Override
  protected byte[] engineDigest() {
    int[] value = subtree(buffer, 0, buffered, subtrees.isEmpty() ? ROOT : 0);
    while (!subtrees.isEmpty()) {
      int[] left = subtrees.pop();
      value = parent(left, value, subtrees.isEmpty() ? ROOT : 0);
    }
    byte[] hash = new byte[HASH_BYTES];
    for (int word = 0; word < value.length; word++) {
      INTS.set(hash, 4 * word, value[word]);
    }
    engineReset();
    return hash;
  }

  @Override
  protected void engineReset() {
    buffered = 0;
    batches = 0;
    subtrees.clear();
  }

  /**
   * The chaining value of at most a batch of input.
   *
   * @param root the flag for its last compression
   */
  private int[] subtree(byte[] input, int offset, int length, int root) {
    int whole = length / CHUNK;
    int rest = length % CHUNK;
    int count = length == 0 ? 1 : whole + (rest == 0 ? 0 : 1);
    if (lanes.capacity < count) {
      lanes = new Lanes(count);
    }
    int chunkRoot = count == 1 ? root : 0;
    int[][] values = new int[Lanes.VALUE][count];
    long first = batches * BATCH_CHUNKS;
    if (whole > 0) {
      lanes.chunks(input, offset, CHUNK, first, whole, chunkRoot);
      lanes.copyTo(values, 0, whole);
    }
    if (count > whole) {
      lanes.chunks(input, offset + whole * CHUNK, rest, first + whole, 1, chunkRoot);
      lanes.copyTo(values, whole, 1);
    }
    while (count > 1) {
      int pairs = count / 2;
      lanes.parents(values, pairs, count == 2 ? root : 0);
      if (count % 2 == 1) {
        for (int[] words : values) {
          words[pairs] = words[count - 1];
        }
      }
      lanes.copyTo(values, 0, pairs);
      count -= pairs;
    }
    int[] value = new int[Lanes.VALUE];
    for (int word = 0; word < value.length; word++) {
      value[word] = values[word][0];
    }
    return value;
  }

  private int[] parent(int[] left, int[] right, int root) {
    int[][] values = new int[Lanes.VALUE][];
    for (int word = 0; word < values.length; word++) {
      values[word] = new int[] {left[word], right[word]};
    }
    lanes.parents(values, 1, root);
    lanes.copyTo(values, 0, 1);
    int[] value = new int[Lanes.VALUE];
    for (int word = 0; word < value.length; word++) {
      value[word] = values[word][0];
    }
    return value;
  }

  /** Compresses blocks side by side: word {@code w} of lane {@code i} is at {@code [w][i]}. */
  private static final class Lanes {
    static final int VALUE = 8;
    private static final int WIDTH = 16;
    private static final int FEW = 5;
    private static final int WORDS = 16;
    private static final int[] START = {
      0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
    };
    private static final int[][] ORDERS = orders(7);

    final int capacity;
    private final int[][] value;
    private final int[][] state;
    private final int[][] block;

    Lanes(int count) {
      capacity = roundUp(count);
      value = new int[VALUE][capacity];
      state = new int[WORDS][capacity];
      block = new int[WORDS][capacity];
    }

    /** The order in which each round takes the words of a block. */
    private static int[][] orders(int rounds) {
      int[] permutation = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
      int[][] orders = new int[rounds][WORDS];
      for (int word = 0; word < WORDS; word++) {
        orders[0][word] = word;
      }
      for (int round = 1; round < rounds; round++) {
        for (int word = 0; word < WORDS; word++) {
          orders[round][word] = orders[round - 1][permutation[word]];
        }
      }
      return orders;
    }

    /**
     * Makes the values of chunks that follow each other.
     *
     * @param length of each
     * @param first the number of the first
     * @param root the flag for the last block
     */
    void chunks(byte[] input, int offset, int length, long first, int count, int root) {
      for (int word = 0; word < VALUE; word++) {
        Arrays.fill(value[word], 0, count, START[word]);
      }
      int blocks = Math.max(1, (length + BLOCK - 1) / BLOCK);
      for (int b = 0; b < blocks; b++) {
        int bytes = Math.min(BLOCK, length - b * BLOCK);
        int at = offset + b * BLOCK;
        byte[] from = input;
        if (bytes < BLOCK) { // of the last chunk, which is alone then
          from = Arrays.copyOfRange(input, at, at + bytes);
          from = Arrays.copyOf(from, BLOCK);
          at = 0;
        }
        for (int word = 0; word < WORDS; word++) {
          load(block[word], from, at + 4 * word, count);
        }
        boolean last = b == blocks - 1;
        int flags = (b == 0 ? CHUNK_START : 0) | (last ? CHUNK_END | root : 0);
        compress(first, 1, bytes, flags, count);
      }
    }

    /** Makes the values of the parents of neighbours, of which there are {@code count} pairs. */
    void parents(int[][] children, int count, int root) {
      for (int word = 0; word < VALUE; word++) {
        Arrays.fill(value[word], 0, count, START[word]);
        for (int i = 0; i < count; i++) {
          block[word][i] = children[word][2 * i];
          block[word + VALUE][i] = children[word][2 * i + 1];
        }
      }
      compress(0, 0, BLOCK, PARENT | root, count);
    }

    /** Copies what was made last. */
    void copyTo(int[][] target, int at, int count) {
      for (int word = 0; word < VALUE; word++) {
        System.arraycopy(value[word], 0, target[word], at, count);
      }
    }

    /**
     * Compresses a block in each lane into that lane's value.
     *
     * @param counter of the first lane
     * @param step from a lane's counter to the next one's
     */
    private void compress(long counter, int step, int bytes, int flags, int count) {
      if (count < FEW) {
        for (int lane = 0; lane < count; lane++) {
          compressOne(counter + (long) step * lane, bytes, flags, lane);
        }
        return;
      }
      int[][] s = state;
      for (int word = 0; word < VALUE; word++) {
        System.arraycopy(value[word], 0, s[word], 0, count);
      }
      for (int word = 0; word < 4; word++) {
        Arrays.fill(s[8 + word], 0, count, START[word]);
      }
      for (int i = 0; i < count; i++) {
        long number = counter + (long) step * i;
        s[12][i] = (int) number;
        s[13][i] = (int) (number >>> Integer.SIZE);
      }
      Arrays.fill(s[14], 0, count, bytes);
      Arrays.fill(s[15], 0, count, flags);
      int n = roundUp(count);
      for (int[] o : ORDERS) {
        mix(s[0], s[4], s[8], s[12], block[o[0]], block[o[1]], n);
        mix(s[1], s[5], s[9], s[13], block[o[2]], block[o[3]], n);
        mix(s[2], s[6], s[10], s[14], block[o[4]], block[o[5]], n);
        mix(s[3], s[7], s[11], s[15], block[o[6]], block[o[7]], n);
        mix(s[0], s[5], s[10], s[15], block[o[8]], block[o[9]], n);
        mix(s[1], s[6], s[11], s[12], block[o[10]], block[o[11]], n);
        mix(s[2], s[7], s[8], s[13], block[o[12]], block[o[13]], n);
        mix(s[3], s[4], s[9], s[14], block[o[14]], block[o[15]], n);
      }
      for (int word = 0; word < VALUE; word++) {
        join(s[word], s[word + VALUE], value[word], n);
      }
    }

    /**
     * As many lanes as are computed for so many that are wanted. A loop of one size that fits all
     * vectors is compiled to these alone.
     */
    private static int roundUp(int count) {
      return (count + WIDTH - 1) / WIDTH * WIDTH;
    }

    /** Does so for one lane, without arrays where the compiler sees through this one. */
    private void compressOne(long counter, int bytes, int flags, int lane) {
      int[] s = new int[WORDS];
      for (int word = 0; word < VALUE; word++) {
        s[word] = value[word][lane];
      }
      System.arraycopy(START, 0, s, VALUE, 4);
      s[12] = (int) counter;
      s[13] = (int) (counter >>> Integer.SIZE);
      s[14] = bytes;
      s[15] = flags;
      for (int[] o : ORDERS) {
        mix(s, 0, 4, 8, 12, block[o[0]][lane], block[o[1]][lane]);
        mix(s, 1, 5, 9, 13, block[o[2]][lane], block[o[3]][lane]);
        mix(s, 2, 6, 10, 14, block[o[4]][lane], block[o[5]][lane]);
        mix(s, 3, 7, 11, 15, block[o[6]][lane], block[o[7]][lane]);
        mix(s, 0, 5, 10, 15, block[o[8]][lane], block[o[9]][lane]);
        mix(s, 1, 6, 11, 12, block[o[10]][lane], block[o[11]][lane]);
        mix(s, 2, 7, 8, 13, block[o[12]][lane], block[o[13]][lane]);
        mix(s, 3, 4, 9, 14, block[o[14]][lane], block[o[15]][lane]);
      }
      for (int word = 0; word < VALUE; word++) {
        value[word][lane] = s[word] ^ s[word + VALUE];
      }
    }

    /** The quarter round of one lane. */
    private static void mix(int[] s, int a, int b, int c, int d, int x, int y) {
      s[a] += s[b] + x;
      s[d] = Integer.rotateRight(s[d] ^ s[a], 16);
      s[c] += s[d];
      s[b] = Integer.rotateRight(s[b] ^ s[c], 12);
      s[a] += s[b] + y;
      s[d] = Integer.rotateRight(s[d] ^ s[a], 8);
      s[c] += s[d];
      s[b] = Integer.rotateRight(s[b] ^ s[c], 7);
    }

    private static void load(int[] words, byte[] input, int at, int count) {
      for (int i = 0; i < count; i++) {
        words[i] = (int) INTS.get(input, at + i * CHUNK);
      }
    }

    /** The quarter round of all lanes. */
    private static void mix(int[] a, int[] b, int[] c, int[] d, int[] x, int[] y, int count) {
      for (int i = 0; i < count; i++) {
        int p = a[i] + b[i] + x[i];
        int s = Integer.rotateRight(d[i] ^ p, 16);
        int r = c[i] + s;
        int q = Integer.rotateRight(b[i] ^ r, 12);
        p += q + y[i];
        s = Integer.rotateRight(s ^ p, 8);
        r += s;
        q = Integer.rotateRight(q ^ r, 7);
        a[i] = p;
        b[i] = q;
        c[i] = r;
        d[i] = s;
      }
    }

    private static void join(int[] low, int[] high, int[] value, int count) {
      for (int i = 0; i < count; i++) {
        value[i] = low[i] ^ high[i];
      }
    }
  }
}
