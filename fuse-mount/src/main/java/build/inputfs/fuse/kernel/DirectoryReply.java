package build.inputfs.fuse.kernel;

import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The body of a reply to READDIR ({@code struct fuse_dirent}s) or READDIRPLUS ({@code struct
 * fuse_direntplus}es), filled entry by entry. One per reader.
 */
final class DirectoryReply implements DirectorySink {
  /** Bytes of a {@code struct fuse_dirent} before the name. */
  private static final int DIRENT = 24;

  static final byte[] DOT = ".".getBytes(StandardCharsets.US_ASCII);
  static final byte[] DOT_DOT = "..".getBytes(StandardCharsets.US_ASCII);

  private final Reply reply;
  private final ByteBuffer out;
  private final CachePolicy caching;
  private final Successors successors;
  private boolean plus;
  private int limit;
  private int position;

  DirectoryReply(Reply reply, CachePolicy caching, Successors successors) {
    this.reply = reply;
    this.out = reply.buffer();
    this.caching = caching;
    this.successors = successors;
  }

  /**
   * Starts over.
   *
   * @param plus whether entries carry nodes and attributes
   * @param size how many bytes the caller has room for
   */
  void begin(boolean plus, int size) {
    this.plus = plus;
    this.position = Reply.HEADER;
    this.limit = Reply.HEADER + Math.min(size, reply.capacity());
  }

  /** Bytes filled so far. */
  int size() {
    return position - Reply.HEADER;
  }

  @Override
  public boolean hasRoom(int nameLength) {
    return position + recordSize(nameLength) <= limit;
  }

  @Override
  public boolean wantsNodes() {
    return plus;
  }

  @Override
  public void add(byte[] names, int start, int length, Entry entry, long next) {
    add(names, start, length, entry.node, entry.attributes, next);
  }

  /** One of the two entries that a filesystem does not list. The kernel wants no node for them. */
  void addDots(byte[] name, Attributes attributes, long next) {
    add(name, 0, name.length, 0, attributes, next);
  }

  private void add(
      byte[] names, int start, int length, long node, Attributes attributes, long next) {
    int at = position;
    if (plus) {
      reply.putEntry(at, node, attributes, caching, successors);
      at += Reply.ENTRY;
    }
    out.putLong(at, attributes.ino);
    out.putLong(at + 8, next);
    out.putInt(at + 16, length);
    out.putInt(at + 20, attributes.mode >>> 12 & 15);
    out.put(at + DIRENT, names, start, length);
    int end = position + recordSize(length);
    for (int pad = at + DIRENT + length; pad < end; pad++) {
      out.put(pad, (byte) 0);
    }
    position = end;
  }

  private int recordSize(int nameLength) {
    return (plus ? Reply.ENTRY : 0) + (DIRENT + nameLength + 7 & ~7);
  }
}
