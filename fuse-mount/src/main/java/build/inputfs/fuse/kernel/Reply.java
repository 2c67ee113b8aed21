package build.inputfs.fuse.kernel;

import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.Status;
import build.inputfs.fuse.vfs.StatusErrno;
import java.nio.ByteBuffer;

/**
 * The layout of what the kernel is answered: {@code struct fuse_out_header} (16 bytes), then the
 * structure of the operation, in native byte order. Each method writes all bytes of what it
 * describes, for the buffer still holds an earlier reply, and gives the length of the whole
 * message.
 */
final class Reply {
  /** Bytes before the operation's own structure. */
  static final int HEADER = 16;

  /** Size of {@code struct fuse_entry_out}. */
  static final int ENTRY = 128;

  /** The unit that file systems on disk report for st_blksize. */
  private static final int BLOCK_SIZE = 4096;

  private final ByteBuffer out;

  /**
   * @param out native memory in native byte order
   */
  Reply(ByteBuffer out) {
    this.out = out;
  }

  ByteBuffer buffer() {
    return out;
  }

  int capacity() {
    return out.capacity() - HEADER;
  }

  /** Success with {@code body} bytes that are already in place behind the header. */
  int ok(long unique, int body) {
    return header(unique, 0, HEADER + body);
  }

  /**
   * @param errno positive
   */
  int error(long unique, int errno) {
    return header(unique, -errno, HEADER);
  }

  /** A reply that says no more than how it ended. */
  int status(long unique, Status status) {
    return error(unique, StatusErrno.errno(status));
  }

  /** A result that says how the call failed: see {@link Status#asResult}. */
  int failure(long unique, long result) {
    return status(unique, Status.ofResult(result));
  }

  private int header(long unique, int error, int length) {
    out.putInt(0, length);
    out.putInt(4, error);
    out.putLong(8, unique);
    return length;
  }

  /**
   * {@code struct fuse_entry_out} at {@code at}.
   *
   * @param node 0 in a listing where only the name and type are known
   */
  void putEntry(
      int at, long node, Attributes attributes, CachePolicy caching, Successors successors) {
    boolean forgotten = attributes.volatileNow || successors.has(node);
    out.putLong(at, successors.toKernel(node));
    out.putLong(at + 8, 0);
    out.putLong(at + 16, caching.entrySeconds());
    out.putLong(at + 24, forgotten ? 0 : caching.attributeSeconds());
    out.putLong(at + 32, 0);
    putAttributes(at + 40, attributes);
  }

  /** The answer to LOOKUP that lets the kernel remember that there is no such name. */
  int noEntry(long unique, long seconds) {
    for (int at = HEADER; at < HEADER + ENTRY; at += 8) {
      out.putLong(at, 0);
    }
    out.putLong(HEADER + 16, seconds);
    return ok(unique, ENTRY);
  }

  int attributes(long unique, Attributes attributes, long seconds) {
    out.putLong(HEADER, seconds);
    out.putLong(HEADER + 8, 0);
    putAttributes(HEADER + 16, attributes);
    return ok(unique, 104);
  }

  private void putAttributes(int at, Attributes a) {
    out.putLong(at, a.ino);
    out.putLong(at + 8, a.size);
    out.putLong(at + 16, a.blocks);
    out.putLong(at + 24, a.atimeSeconds);
    out.putLong(at + 32, a.mtimeSeconds);
    out.putLong(at + 40, a.ctimeSeconds);
    out.putInt(at + 48, a.atimeNanos);
    out.putInt(at + 52, a.mtimeNanos);
    out.putInt(at + 56, a.ctimeNanos);
    out.putInt(at + 60, a.mode);
    out.putInt(at + 64, a.nlink);
    out.putInt(at + 68, a.uid);
    out.putInt(at + 72, a.gid);
    out.putInt(at + 76, a.device);
    out.putInt(at + 80, BLOCK_SIZE);
    out.putInt(at + 84, 0);
  }

  /** {@code struct fuse_open_out}, {@code before} bytes behind the header. */
  int open(long unique, int before, long handle, int flags, int backing) {
    int at = HEADER + before;
    out.putLong(at, handle);
    out.putInt(at + 8, flags);
    out.putInt(at + 12, backing);
    return ok(unique, before + 16);
  }

  int bytes(long unique, byte[] bytes) {
    out.put(HEADER, bytes);
    return ok(unique, bytes.length);
  }

  int written(long unique, int count) {
    out.putInt(HEADER, count);
    out.putInt(HEADER + 4, 0);
    return ok(unique, 8);
  }

  /** A lone 64-bit number: the answer to LSEEK and COPY_FILE_RANGE_64. */
  int number(long unique, long value) {
    out.putLong(HEADER, value);
    return ok(unique, 8);
  }

  int usage(long unique, FileSystemUsage usage) {
    out.putLong(HEADER, usage.blocks);
    out.putLong(HEADER + 8, usage.freeBlocks);
    out.putLong(HEADER + 16, usage.availableBlocks);
    out.putLong(HEADER + 24, usage.files);
    out.putLong(HEADER + 32, usage.freeFiles);
    out.putInt(HEADER + 40, (int) usage.blockSize);
    out.putInt(HEADER + 44, 255);
    out.putInt(HEADER + 48, (int) usage.blockSize);
    for (int at = HEADER + 52; at < HEADER + 80; at += 4) {
      out.putInt(at, 0);
    }
    return ok(unique, 80);
  }

  /** {@code struct fuse_init_out}. */
  int init(long unique, int minor, int maxReadahead, long flags, int maxPages, int stackDepth) {
    for (int at = HEADER; at < HEADER + 64; at += 8) {
      out.putLong(at, 0);
    }
    out.putInt(HEADER, Protocol.MAJOR);
    out.putInt(HEADER + 4, minor);
    out.putInt(HEADER + 8, maxReadahead);
    out.putInt(HEADER + 12, (int) flags);
    out.putShort(HEADER + 16, (short) 64); // max_background
    out.putShort(HEADER + 18, (short) 48); // congestion_threshold
    out.putInt(HEADER + 20, Protocol.MAX_DATA);
    out.putInt(HEADER + 24, 1); // time_gran, in nanoseconds
    out.putShort(HEADER + 28, (short) maxPages);
    out.putInt(HEADER + 32, (int) (flags >>> 32));
    out.putInt(HEADER + 36, stackDepth);
    return ok(unique, 64);
  }

  /**
   * A message of our own accord ({@code struct fuse_notify_inval_inode_out}) that the attributes of
   * a node are no longer what the kernel was told. Its pages stay.
   */
  int forgetAttributes(long node) {
    return forgetInode(node, -1);
  }

  /** The same, of a file's attributes and all of its content. */
  int forgetContent(long node) {
    return forgetInode(node, 0);
  }

  /**
   * @param offset of the first byte that is to be forgotten, up to the end; none if negative
   */
  private int forgetInode(long node, long offset) {
    out.putLong(HEADER, node);
    out.putLong(HEADER + 8, offset);
    out.putLong(HEADER + 16, 0);
    return header(0, Protocol.NOTIFY_INVAL_INODE, HEADER + 24);
  }

  /** How long a message of {@link #forgetName} is beside the name. */
  static final int FORGET_NAME = HEADER + 16 + 1;

  /**
   * A message of our own accord ({@code struct fuse_notify_inval_entry_out}) that a name is no
   * longer what the kernel was told.
   */
  int forgetName(long parent, byte[] name) {
    out.putLong(HEADER, parent);
    out.putInt(HEADER + 8, name.length);
    out.putInt(HEADER + 12, 0);
    out.put(HEADER + 16, name);
    out.put(HEADER + 16 + name.length, (byte) 0);
    return header(0, Protocol.NOTIFY_INVAL_ENTRY, FORGET_NAME + name.length);
  }
}
