package build.inputfs.fuse.kernel;

import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Caller;
import java.nio.ByteBuffer;

/**
 * The layout of what the kernel sends: {@code struct fuse_in_header} (40 bytes), then the structure
 * of the operation, then names or data, in native byte order. A view on a reader's buffer, which
 * the next request overwrites. Offsets are those of {@code linux/fuse.h}, counted from the header.
 */
final class Request {
  /** Bytes before the operation's own structure. */
  static final int HEADER = 40;

  /** Where the data of a WRITE starts. */
  static final int WRITE_DATA = 80;

  private final ByteBuffer in;

  /**
   * @param in native memory in native byte order
   */
  Request(ByteBuffer in) {
    this.in = in;
  }

  int length() {
    return in.getInt(0);
  }

  Opcode opcode() {
    return Opcode.of(in.getInt(4));
  }

  long unique() {
    return in.getLong(8);
  }

  long node() {
    return in.getLong(16);
  }

  void caller(Caller out) {
    out.uid = in.getInt(24);
    out.gid = in.getInt(28);
    out.pid = in.getInt(32);
  }

  int callerUid() {
    return in.getInt(24);
  }

  // FORGET and BATCH_FORGET

  long forgetCount() {
    return in.getLong(40);
  }

  int batchForgetLength() {
    return in.getInt(40);
  }

  long batchForgetNode(int index) {
    return in.getLong(48 + 16 * index);
  }

  long batchForgetCount(int index) {
    return in.getLong(56 + 16 * index);
  }

  // SETATTR

  void setattr(AttributeChange out) {
    int valid = in.getInt(40);
    out.clear();
    out.setMode = (valid & Protocol.FATTR_MODE) != 0;
    out.setUid = (valid & Protocol.FATTR_UID) != 0;
    out.setGid = (valid & Protocol.FATTR_GID) != 0;
    out.setSize = (valid & Protocol.FATTR_SIZE) != 0;
    out.setAtime = (valid & Protocol.FATTR_ATIME) != 0;
    out.setMtime = (valid & Protocol.FATTR_MTIME) != 0;
    out.atimeNow = (valid & Protocol.FATTR_ATIME_NOW) != 0;
    out.mtimeNow = (valid & Protocol.FATTR_MTIME_NOW) != 0;
    out.size = in.getLong(56);
    out.atimeSeconds = in.getLong(72);
    out.mtimeSeconds = in.getLong(80);
    out.atimeNanos = in.getInt(96);
    out.mtimeNanos = in.getInt(100);
    out.mode = in.getInt(108);
    out.uid = in.getInt(116);
    out.gid = in.getInt(120);
  }

  // MKNOD and MKDIR

  int mknodMode() {
    return in.getInt(40);
  }

  int mknodDevice() {
    return in.getInt(44);
  }

  byte[] mknodName() {
    return string(56);
  }

  int mkdirMode() {
    return in.getInt(40);
  }

  byte[] mkdirName() {
    return string(48);
  }

  // LOOKUP, UNLINK, RMDIR and SYMLINK have no structure of their own.

  byte[] name() {
    return string(HEADER);
  }

  /** The string behind {@code before}, which starts at {@link #HEADER}. */
  byte[] nameAfter(byte[] before) {
    return string(HEADER + before.length + 1);
  }

  // RENAME, RENAME2 and LINK

  long renameParent() {
    return in.getLong(40);
  }

  int rename2Flags() {
    return in.getInt(48);
  }

  byte[] renameFrom(boolean rename2) {
    return string(rename2 ? 56 : 48);
  }

  byte[] renameTo(boolean rename2, byte[] from) {
    return string((rename2 ? 56 : 48) + from.length + 1);
  }

  long linkNode() {
    return in.getLong(40);
  }

  byte[] linkName() {
    return string(48);
  }

  // OPEN, CREATE and TMPFILE

  int openFlags() {
    return in.getInt(40);
  }

  int createMode() {
    return in.getInt(44);
  }

  byte[] createName() {
    return string(56);
  }

  // READ, READDIR, READDIRPLUS and WRITE

  long ioOffset() {
    return in.getLong(48);
  }

  int ioSize() {
    return in.getInt(56);
  }

  int writeFlags() {
    return in.getInt(60);
  }

  // RELEASE, FSYNC, FALLOCATE, LSEEK and COPY_FILE_RANGE start with a file handle.

  long handle() {
    return in.getLong(40);
  }

  int fsyncFlags() {
    return in.getInt(48);
  }

  long fallocateOffset() {
    return in.getLong(48);
  }

  long fallocateLength() {
    return in.getLong(56);
  }

  int fallocateMode() {
    return in.getInt(64);
  }

  long seekOffset() {
    return in.getLong(48);
  }

  int seekWhence() {
    return in.getInt(56);
  }

  long copyFromOffset() {
    return in.getLong(48);
  }

  long copyTo() {
    return in.getLong(56);
  }

  long copyToOffset() {
    return in.getLong(72);
  }

  long copyLength() {
    return in.getLong(80);
  }

  // INIT

  int initMajor() {
    return in.getInt(40);
  }

  int initMinor() {
    return in.getInt(44);
  }

  int initMaxReadahead() {
    return in.getInt(48);
  }

  /** All flags that the kernel offers; kernels before 5.17 send no upper half. */
  long initFlags() {
    long flags = in.getInt(52) & 0xffffffffL;
    if ((flags & Protocol.INIT_EXT) != 0 && length() >= 60) {
      flags |= (long) in.getInt(56) << 32;
    }
    return flags;
  }

  private byte[] string(int start) {
    int end = start;
    int limit = length();
    while (end < limit && in.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - start];
    in.get(start, bytes);
    return bytes;
  }
}
