package build.inputfs.fuse.kernel;

/** The numbers of {@code linux/fuse.h} that are flags, limits or ioctl requests. */
final class Protocol {
  static final int MAJOR = 7;

  /** The newest minor version that this transport knows. */
  static final int MINOR = 45;

  /** The oldest one that it can speak: Linux 5.4. */
  static final int OLDEST_MINOR = 31;

  // INIT flags, as one 64-bit set: bits 32 and up travel in flags2.
  static final long ASYNC_READ = 1L;
  static final long ATOMIC_O_TRUNC = 1L << 3;
  static final long BIG_WRITES = 1L << 5;
  static final long DO_READDIRPLUS = 1L << 13;
  static final long READDIRPLUS_AUTO = 1L << 14;
  static final long ASYNC_DIO = 1L << 15;
  static final long PARALLEL_DIROPS = 1L << 18;
  static final long MAX_PAGES = 1L << 22;
  static final long CACHE_SYMLINKS = 1L << 23;
  static final long NO_OPENDIR_SUPPORT = 1L << 24;
  static final long INIT_EXT = 1L << 30;
  static final long DIRECT_IO_ALLOW_MMAP = 1L << 36;
  static final long PASSTHROUGH = 1L << 37;
  static final long OVER_IO_URING = 1L << 41;

  // SETATTR: which fields are valid.
  static final int FATTR_MODE = 1;
  static final int FATTR_UID = 1 << 1;
  static final int FATTR_GID = 1 << 2;
  static final int FATTR_SIZE = 1 << 3;
  static final int FATTR_ATIME = 1 << 4;
  static final int FATTR_MTIME = 1 << 5;
  static final int FATTR_ATIME_NOW = 1 << 7;
  static final int FATTR_MTIME_NOW = 1 << 8;

  // What a reply to OPEN says.
  static final int FOPEN_KEEP_CACHE = 1 << 1;
  static final int FOPEN_PASSTHROUGH = 1 << 7;

  /** In a WRITE: the writer may not keep set-user-id and set-group-id bits. */
  static final int WRITE_KILL_SUIDGID = 1 << 2;

  /** In an FSYNC: the data only. */
  static final int FSYNC_FDATASYNC = 1;

  /** A message that the kernel is to forget what it knows of a node. */
  static final int NOTIFY_INVAL_INODE = 2;

  /** A message that the kernel is to forget a name. */
  static final int NOTIFY_INVAL_ENTRY = 3;

  // What a command on a ring wants: enum fuse_uring_cmd.
  static final int RING_REGISTER = 1;
  static final int RING_COMMIT_AND_FETCH = 2;

  static final long IOC_CLONE = 0x8004e500L;
  static final long IOC_BACKING_OPEN = 0x4010e501L;
  static final long IOC_BACKING_CLOSE = 0x4004e502L;

  /** Bytes of data in one WRITE at most, and in one READ. */
  static final int MAX_DATA = 1 << 20;

  /** Room for headers and names beside the data of a request or reply. */
  static final int HEADROOM = 1 << 16;

  private Protocol() {}
}
