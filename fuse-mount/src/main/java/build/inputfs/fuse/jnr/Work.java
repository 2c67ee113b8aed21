package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.OpenFile;
import com.kenai.jffi.MemoryIO;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import jnr.ffi.Struct;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseContext;
import ru.serce.jnrfuse.struct.FuseFileInfo;
import ru.serce.jnrfuse.struct.Statvfs;

/**
 * What one thread that serves calls fills again and again: the filesystem's records, and the
 * library's structures as jnr-fuse knows them on each platform. Used by that thread alone.
 */
final class Work implements AutoCloseable {
  private static final int BLOCK = 4096;
  private static final int LONGEST_NAME = 255;

  /** Bits of {@code struct fuse_file_info}, which stand before the handle. */
  private static final int KEEP_CACHE = 2;

  final Entry entry = new Entry();
  final Attributes attributes = new Attributes();
  final AttributeChange change = new AttributeChange();
  final OpenFile file = new OpenFile();
  final FileSystemUsage usage = new FileSystemUsage();
  final PathTree.Found found = new PathTree.Found();
  private final Caller caller = new Caller();

  private final MemoryIO memory = MemoryIO.getInstance();
  private final Libfuse libfuse;
  private final Libfuse.Requests requests;
  private final Runtime runtime;
  private final FileStat stat;
  private final FuseFileInfo info;
  private final FuseContext context;
  private final Statvfs statvfs;
  private final long ownStat;
  private final Listing listing;
  private long infoAddress;

  /**
   * @param requests takes this thread's requests
   */
  Work(Libfuse libfuse, Libfuse.Requests requests) {
    this.libfuse = libfuse;
    this.requests = requests;
    this.runtime = Runtime.getSystemRuntime();
    this.stat = new FileStat(runtime);
    this.context = new FuseContext(runtime);
    this.statvfs = new Statvfs(runtime);
    ownStat = memory.allocateMemory(Struct.size(stat), true);
    this.info = FuseFileInfo.of(pointer(ownStat));
    listing = new Listing(libfuse, this, ownStat);
  }

  private Pointer pointer(long address) {
    return Pointer.wrap(runtime, address);
  }

  /** A string of the library's. */
  byte[] path(long address) {
    return memory.getZeroTerminatedByteArray(address);
  }

  /** Fills a string in, cut to what there is room for. */
  void putString(long address, byte[] text, long room) {
    int length = (int) Math.min(text.length, room - 1);
    memory.putByteArray(address, text, 0, length);
    memory.putByte(address + length, (byte) 0);
  }

  /** On whose behalf this thread's call is made. */
  Caller caller() {
    context.useMemory(pointer(libfuse.context()));
    caller.uid = context.uid.intValue();
    caller.gid = context.gid.intValue();
    caller.pid = context.pid.intValue();
    return caller;
  }

  /** Has the kernel forget the attributes of a file that gets another name: whether it has. */
  boolean forgetLinked() {
    return requests.forgetLinked();
  }

  /** Fills in a {@code struct stat}, which is zero. */
  void putStat(long address, Attributes from) {
    stat.useMemory(pointer(address));
    stat.st_ino.set(from.ino);
    stat.st_mode.set(from.mode);
    stat.st_nlink.set(from.nlink);
    stat.st_uid.set(from.uid);
    stat.st_gid.set(from.gid);
    stat.st_rdev.set(from.device & 0xffffffffL);
    stat.st_size.set(from.size);
    stat.st_blocks.set(from.blocks);
    stat.st_blksize.set(BLOCK);
    stat.st_atim.tv_sec.set(from.atimeSeconds);
    stat.st_atim.tv_nsec.set(from.atimeNanos);
    stat.st_mtim.tv_sec.set(from.mtimeSeconds);
    stat.st_mtim.tv_nsec.set(from.mtimeNanos);
    stat.st_ctim.tv_sec.set(from.ctimeSeconds);
    stat.st_ctim.tv_nsec.set(from.ctimeNanos);
  }

  /** Fills in number and type alone, as a listing needs them. */
  void putKind(Attributes from) {
    stat.useMemory(pointer(ownStat));
    stat.st_ino.set(from.ino);
    stat.st_mode.set(from.mode);
  }

  /** Fills in a {@code struct statvfs} from {@link #usage}. */
  void putUsage(long address) {
    statvfs.useMemory(pointer(address));
    statvfs.f_bsize.set(usage.blockSize);
    statvfs.f_frsize.set(usage.blockSize);
    statvfs.f_blocks.set(usage.blocks);
    statvfs.f_bfree.set(usage.freeBlocks);
    statvfs.f_bavail.set(usage.availableBlocks);
    statvfs.f_files.set(usage.files);
    statvfs.f_ffree.set(usage.freeFiles);
    statvfs.f_favail.set(usage.freeFiles);
    statvfs.f_namemax.set(LONGEST_NAME);
  }

  /** Makes a change of times from two {@code struct timespec}, as of utimensat(2). */
  void times(long address) {
    change.clear();
    change.atimeSeconds = memory.getLong(address);
    long atime = memory.getLong(address + 8);
    change.mtimeSeconds = memory.getLong(address + 16);
    long mtime = memory.getLong(address + 24);
    change.setAtime = atime != Posix.UTIME_OMIT;
    change.atimeNow = atime == Posix.UTIME_NOW;
    change.atimeNanos = (int) atime;
    change.setMtime = mtime != Posix.UTIME_OMIT;
    change.mtimeNow = mtime == Posix.UTIME_NOW;
    change.mtimeNanos = (int) mtime;
  }

  // struct fuse_file_info

  /** The handle that was given at the open. */
  long handle(long address) {
    info.useMemory(pointer(address));
    return info.fh.longValue();
  }

  /** The flags of the open. */
  int openFlags(long address) {
    infoAddress = address;
    info.useMemory(pointer(address));
    return info.flags.intValue();
  }

  /**
   * Answers an open whose {@link #openFlags} were asked for last.
   *
   * @param keepCache whether what the kernel has of the content is still good
   */
  void opened(long handle, boolean keepCache) {
    info.fh.set(handle);
    if (keepCache) {
      long bits = infoAddress + info.fh.offset() - 4;
      memory.putInt(bits, memory.getInt(bits) | KEEP_CACHE);
    }
  }

  // Listings

  /** A listing into the library's buffer. */
  Listing listing(long filler, long buffer) {
    listing.begin(filler, buffer);
    return listing;
  }

  @Override
  public void close() {
    listing.close();
    memory.freeMemory(ownStat);
  }
}
