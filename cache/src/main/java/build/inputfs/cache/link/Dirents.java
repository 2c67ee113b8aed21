package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Reads directories by getdents64(2), {@code .} and {@code ..} left out. Names stay in native
 * memory, as bytes. For one directory at a time, from its start to its end, on one thread.
 */
final class Dirents implements AutoCloseable {
  static final int UNKNOWN = 0;
  static final int DIRECTORY = 4;

  private static final int BUFFER = 1 << 15;
  private static final int LENGTH_AT = 16;
  private static final int TYPE_AT = 18;
  private static final int NAME_AT = 19;

  private final Posix posix;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);
  private int end;
  private int next;
  private int current;

  Dirents(Posix posix) {
    this.posix = posix;
  }

  /** Goes to the next entry of the directory, or returns false at its end. */
  boolean next(int fd) throws IOException {
    do {
      if (next >= end) {
        end = Posix.check(posix.getdents(fd, buffer.address(), BUFFER), "read a directory");
        next = 0;
        if (end == 0) {
          return false;
        }
      }
      current = next;
      next += buffer.get(ValueLayout.JAVA_SHORT, current + LENGTH_AT) & 0xffff;
    } while (isDot());
    return true;
  }

  /** What the entry is: a DT_ constant of readdir(3). */
  int type() {
    return buffer.get(ValueLayout.JAVA_BYTE, current + TYPE_AT);
  }

  /** Where the entry's name is, which ends with NUL; good until the next call of {@link #next}. */
  long nameAddress() {
    return buffer.address() + current + NAME_AT;
  }

  /** The entry's name. */
  byte[] name() {
    byte[] name = new byte[nameLength()];
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, current + NAME_AT, name, 0, name.length);
    return name;
  }

  /** A copy of the entry's name, which ends with NUL and lives as long as {@code memory}. */
  MemorySegment copyName(Arena memory) {
    MemorySegment name = memory.allocate(nameLength() + 1L);
    MemorySegment.copy(buffer, current + NAME_AT, name, 0, name.byteSize());
    return name;
  }

  private int nameLength() {
    int length = 0;
    while (buffer.get(ValueLayout.JAVA_BYTE, current + NAME_AT + length) != 0) {
      length++;
    }
    return length;
  }

  private boolean isDot() {
    int at = current + NAME_AT;
    if (buffer.get(ValueLayout.JAVA_BYTE, at) != '.') {
      return false;
    }
    byte second = buffer.get(ValueLayout.JAVA_BYTE, at + 1);
    return second == 0 || (second == '.' && buffer.get(ValueLayout.JAVA_BYTE, at + 2) == 0);
  }

  @Override
  public void close() {
    arena.close();
  }
}
