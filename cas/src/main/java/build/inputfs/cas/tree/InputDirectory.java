package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One directory of a tree: decoded, checked, and packed into a few arrays. Immutable.
 *
 * <p>Files, directories and symlinks are in one order, that of their names as unsigned bytes, and
 * are addressed by their index in it. An index that is out of range is an
 * IndexOutOfBoundsException; asking an entry for what its kind does not have is an
 * IllegalArgumentException.
 */
public final class InputDirectory {
  static final byte EXECUTABLE = 4;
  private static final int NO_MODE = -1;

  private final int hashLength;
  private final byte[] flags;
  // The text of each entry is its name and then, for a symlink, its target; it ends at ends[i].
  private final byte[] texts;
  private final int[] ends;
  private final byte[] hashes;
  // For a symlink: the length of its target.
  private final long[] sizes;
  private final @Nullable PackedProperties properties;
  private final int directoryCount;

  /** Takes the arrays, which nobody may change afterwards. */
  InputDirectory(
      int hashLength,
      byte[] flags,
      byte[] texts,
      int[] ends,
      byte[] hashes,
      long[] sizes,
      @Nullable PackedProperties properties) {
    this.hashLength = hashLength;
    this.flags = flags;
    this.texts = texts;
    this.ends = ends;
    this.hashes = hashes;
    this.sizes = sizes;
    this.properties = properties;
    int directories = 0;
    for (byte flag : flags) {
      directories += Kind.ofFlags(flag) == Kind.DIRECTORY ? 1 : 0;
    }
    this.directoryCount = directories;
  }

  /**
   * Decodes an encoded {@code Directory} message and checks every rule for it.
   *
   * @param digest of {@code encoded}, which the caller has verified; for messages, and for the
   *     length of the hashes in it
   * @throws InvalidTreeException when it is no such message, or breaks a rule
   */
  public static InputDirectory decode(Digest digest, byte[] encoded) throws InvalidTreeException {
    return new DirectoryDecoder(digest, encoded).decode();
  }

  /** How many entries there are. */
  public int size() {
    return flags.length;
  }

  /** How many of the entries are directories. */
  public int directoryCount() {
    return directoryCount;
  }

  /** What entry {@code i} is. */
  public Kind kind(int i) {
    return Kind.ofFlags(flags[i]);
  }

  /** Whether entry {@code i} is a file that can be run. */
  public boolean executable(int i) {
    return (flags[i] & EXECUTABLE) != 0;
  }

  /** The index of the entry with this name, or -1. */
  public int find(byte[] name) {
    int low = 0;
    int high = flags.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int start = start(middle);
      int order =
          Arrays.compareUnsigned(texts, start, start + nameLength(middle), name, 0, name.length);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /** The name of entry {@code i}, in UTF-8. */
  public byte[] name(int i) {
    int start = start(i);
    return Arrays.copyOfRange(texts, start, start + nameLength(i));
  }

  /** Length of the name of entry {@code i} in bytes. */
  public int nameLength(int i) {
    return ends[i] - start(i) - targetLength(i);
  }

  /** Copies the name of entry {@code i} to {@code target} at {@code offset}. */
  public void copyName(int i, byte[] target, int offset) {
    System.arraycopy(texts, start(i), target, offset, nameLength(i));
  }

  /** Writes the name of entry {@code i} at the buffer's position. */
  public void copyName(int i, ByteBuffer target) {
    target.put(texts, start(i), nameLength(i));
  }

  /** The digest of entry {@code i}, a file or a directory. */
  public Digest digest(int i) {
    if (kind(i) == Kind.SYMLINK) {
      throw new IllegalArgumentException("a symlink has no digest");
    }
    return Digest.of(hashes, i * hashLength, hashLength, sizes[i]);
  }

  /**
   * Size of entry {@code i} as lstat(2) has it: of a file its bytes, of a symlink the bytes of its
   * target; of a directory the bytes of its message.
   */
  public long fileSize(int i) {
    return sizes[i];
  }

  /** What entry {@code i}, a symlink, points to, in UTF-8. */
  public byte[] target(int i) {
    if (kind(i) != Kind.SYMLINK) {
      throw new IllegalArgumentException("only a symlink has a target");
    }
    return Arrays.copyOfRange(texts, ends[i] - targetLength(i), ends[i]);
  }

  /** The {@code unix_mode} that entry {@code i} asks for, or -1 when it asks for none. */
  public int unixMode(int i) {
    checkIndex(i);
    return properties == null ? NO_MODE : properties.mode(i);
  }

  /** Whether entry {@code i} asks for a modification time. */
  public boolean hasMtime(int i) {
    checkIndex(i);
    return properties != null && properties.hasMtime(i);
  }

  /** Seconds since 1970 of the time that entry {@code i} asks for, or 0. */
  public long mtimeSeconds(int i) {
    checkIndex(i);
    return hasMtime(i) && properties != null ? properties.seconds(i) : 0;
  }

  /** Nanoseconds within the second of the time that entry {@code i} asks for, or 0. */
  public int mtimeNanos(int i) {
    checkIndex(i);
    return hasMtime(i) && properties != null ? properties.nanos(i) : 0;
  }

  /** The {@code unix_mode} that the directory itself asks for, or -1 when it asks for none. */
  public int ownUnixMode() {
    return properties == null ? NO_MODE : properties.mode(size());
  }

  /** Whether the directory itself asks for a modification time. */
  public boolean hasOwnMtime() {
    return properties != null && properties.hasMtime(size());
  }

  /** Seconds since 1970 of the time that the directory itself asks for, or 0. */
  public long ownMtimeSeconds() {
    return properties != null && hasOwnMtime() ? properties.seconds(size()) : 0;
  }

  /** Nanoseconds within the second of the time that the directory itself asks for, or 0. */
  public int ownMtimeNanos() {
    return properties != null && hasOwnMtime() ? properties.nanos(size()) : 0;
  }

  /** About how many bytes of heap this object holds. */
  public long weight() {
    return 136L
        + flags.length
        + texts.length
        + 4L * ends.length
        + hashes.length
        + 8L * sizes.length
        + (properties == null ? 0 : properties.weight());
  }

  private int start(int i) {
    return i == 0 ? 0 : ends[i - 1];
  }

  private int targetLength(int i) {
    return kind(i) == Kind.SYMLINK ? (int) sizes[i] : 0;
  }

  private void checkIndex(int i) {
    if (i < 0 || i >= flags.length) {
      throw new IndexOutOfBoundsException(i);
    }
  }
}
