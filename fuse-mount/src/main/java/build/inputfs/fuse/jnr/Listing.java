package build.inputfs.fuse.jnr;

import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import com.kenai.jffi.MemoryIO;
import java.nio.charset.StandardCharsets;

/**
 * The reply to a READDIR, which the library puts together: it is handed each entry and says when it
 * has no more room. One per thread.
 */
final class Listing implements DirectorySink, AutoCloseable {
  static final byte[] DOT = ".".getBytes(StandardCharsets.US_ASCII);
  static final byte[] DOT_DOT = "..".getBytes(StandardCharsets.US_ASCII);
  private static final int LONGEST_NAME = 255;

  private final MemoryIO memory = MemoryIO.getInstance();
  private final Libfuse libfuse;
  private final Work work;
  private final long stat;
  private final long name = memory.allocateMemory(LONGEST_NAME + 1L, true);
  private long filler;
  private long buffer;
  private boolean full;

  /**
   * @param stat the structure that {@link Work#putKind} fills
   */
  Listing(Libfuse libfuse, Work work, long stat) {
    this.libfuse = libfuse;
    this.work = work;
    this.stat = stat;
  }

  /** Starts over, with the library's function and buffer. */
  void begin(long filler, long buffer) {
    this.filler = filler;
    this.buffer = buffer;
    full = false;
  }

  @Override
  public boolean hasRoom(int nameLength) {
    return !full;
  }

  @Override
  public boolean wantsNodes() {
    return false;
  }

  /** What there was no room for is asked for again: the caller goes on behind the last that was. */
  @Override
  public void add(byte[] names, int start, int length, Entry entry, long next) {
    add(names, start, length, entry.attributes, next);
  }

  /** One of the two entries that a filesystem does not list. */
  void addDots(byte[] dots, Attributes attributes, long next) {
    add(dots, 0, dots.length, attributes, next);
  }

  private void add(byte[] names, int start, int length, Attributes attributes, long next) {
    if (full) {
      return;
    }
    memory.putByteArray(name, names, start, length);
    memory.putByte(name + length, (byte) 0);
    work.putKind(attributes);
    full = libfuse.fill(filler, buffer, name, stat, next);
  }

  @Override
  public void close() {
    memory.freeMemory(name);
  }
}
