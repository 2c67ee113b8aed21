package build.inputfs.cas.posix;

import java.lang.foreign.MemorySegment;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Posix} calls, by the C library of macOS. What both systems have is handed on; where a
 * function is missing or takes something else, another stands in or it fails with an error that
 * callers know. Structures are those of Linux, constants those of macOS.
 *
 * <p>Stateless: any thread may call any method at any time.
 */
final class MacCalls implements LibC {
  private static final int REGULAR = 0100000;
  private static final int TYPE = 0170000;
  private static final int PERMISSIONS = 07777;

  /** fcntl(2): orders what was written before what is written later, on the disk itself. */
  private static final int F_BARRIERFSYNC = 85;

  private static final int MNT_FORCE = 0x80000;
  private static final int XATTR_NOFOLLOW = 1;
  private static final int COPY_BUFFER = 256 << 10;

  private final LibC common;
  private final MacLibC mac;
  private final Runtime runtime;

  /**
   * @param common where the functions come from that both systems have
   * @param mac and those that macOS alone has
   * @param runtime keeps the errno of each thread's last call
   */
  MacCalls(LibC common, MacLibC mac, Runtime runtime) {
    this.common = common;
    this.mac = mac;
    this.runtime = runtime;
  }

  /** Binds them, on macOS. */
  static Posix load() {
    LibC common = LibraryLoader.create(LibC.class).load("c");
    LibraryLoader<MacLibC> loader = LibraryLoader.create(MacLibC.class);
    for (String name : new String[] {"fstat", "fstatat"}) {
      loader.map(name, symbol(name, System.getProperty("os.arch", "")));
    }
    Runtime runtime = Runtime.getRuntime(common);
    return new Posix(new MacCalls(common, loader.load("c"), runtime), runtime, true);
  }

  /**
   * The symbol of a function whose structure has inode numbers: on Intel's processors the one
   * without a suffix is that of the first releases, with 32 bits.
   */
  static String symbol(String function, String processor) {
    return processor.equals("x86_64") || processor.equals("amd64")
        ? function + "$INODE64"
        : function;
  }

  private int fail(int errno) {
    runtime.setLastError(errno);
    return -1;
  }

  // Functions that take something else

  @Override
  public int openat(int dirfd, String path, int flags, int mode) {
    return mac.openat(dirfd, path, flags, mode);
  }

  @Override
  public int openat(int dirfd, long path, int flags, int mode) {
    return mac.openat(dirfd, path, flags, mode);
  }

  @Override
  public int fcntl(int fd, int command, long argument) {
    return mac.fcntl(fd, command, argument);
  }

  @Override
  public int statx(int dirfd, String path, int flags, int mask, byte[] buffer) {
    byte[] raw = new byte[MacLayouts.STAT];
    int result =
        (flags & Posix.AT_EMPTY_PATH) != 0
            ? mac.fstat(dirfd, raw)
            : mac.fstatat(dirfd, path, raw, flags);
    if (result == 0) {
      MacLayouts.stat(raw, buffer);
    }
    return result;
  }

  @Override
  public int statvfs(String path, byte[] buffer) {
    byte[] raw = new byte[MacLayouts.STATVFS];
    int result = mac.statvfs(path, raw);
    if (result == 0) {
      MacLayouts.statvfs(raw, buffer);
    }
    return result;
  }

  @Override
  public int fchownat(int dirfd, String path, int uid, int gid, int flags) {
    return (flags & Posix.AT_EMPTY_PATH) != 0
        ? mac.fchown(dirfd, uid, gid)
        : common.fchownat(dirfd, path, uid, gid, flags);
  }

  @Override
  public int renameat2(int olddirfd, String oldpath, int newdirfd, String newpath, int flags) {
    return mac.renameatx_np(olddirfd, oldpath, newdirfd, newpath, flags);
  }

  @Override
  public int renameat2(int olddirfd, long oldpath, int newdirfd, String newpath, int flags) {
    return mac.renameatx_np(olddirfd, oldpath, newdirfd, newpath, flags);
  }

  /** readdir(3) reads so too. */
  @Override
  @SuppressWarnings("restricted") // the caller guards its buffer's life
  public long getdents64(int fd, long buffer, long count) {
    long length = mac.__getdirentries64(fd, buffer, count, new long[1]);
    if (length > 0) {
      MacLayouts.entries(MemorySegment.ofAddress(buffer).reinterpret(length));
    }
    return length;
  }

  @Override
  public long lgetxattr(String path, String name, byte[] value, long size) {
    return mac.getxattr(path, name, value, size, 0, XATTR_NOFOLLOW);
  }

  /** unmount(2). A mount cannot be taken away from under who uses it but by force. */
  @Override
  public int umount2(String target, int flags) {
    boolean byForce = (flags & (Posix.MNT_DETACH | Posix.MNT_FORCE)) != 0;
    return mac.unmount(target, byForce ? MNT_FORCE : 0);
  }

  @Override
  public int clonefile(String source, String target, int flags) {
    return mac.clonefile(source, target, flags);
  }

  @Override
  public int fclonefileat(int source, int dirfd, String path, int flags) {
    return mac.fclonefileat(source, dirfd, path, flags);
  }

  // Functions that others stand in for

  /** fsync(2) leaves the order to the disk; where that cannot be asked for, it has to do. */
  @Override
  public int fsync(int fd) {
    return mac.fcntl(fd, F_BARRIERFSYNC, 0) == 0 ? 0 : common.fsync(fd);
  }

  @Override
  public int fdatasync(int fd) {
    return fsync(fd);
  }

  /** Makes empty files; others are not made here. */
  @Override
  public int mknodat(int dirfd, String path, int mode, long device) {
    if ((mode & TYPE) != REGULAR) {
      return fail(Errnos.ENOSYS);
    }
    int flags = Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL | Posix.O_CLOEXEC;
    int fd = mac.openat(dirfd, path, flags, mode & PERMISSIONS);
    return fd < 0 ? fd : common.close(fd);
  }

  /** By a buffer: there is no such call. */
  @Override
  public long copy_file_range(
      int in,
      long @Nullable [] inOffset,
      int out,
      long @Nullable [] outOffset,
      long length,
      int flags) {
    try (NativeMemory memory = new NativeMemory()) {
      long buffer = memory.block(COPY_BUFFER);
      long wanted = Math.min(length, COPY_BUFFER);
      long read =
          inOffset == null
              ? common.read(in, buffer, wanted)
              : common.pread(in, buffer, wanted, inOffset[0]);
      long written = 0;
      while (written < read) {
        long from = buffer + written;
        long result =
            outOffset == null
                ? common.write(out, from, read - written)
                : common.pwrite(out, from, read - written, outOffset[0] + written);
        if (result < 0) {
          return result;
        }
        written += result;
      }
      if (inOffset != null && read > 0) {
        inOffset[0] += read;
      }
      if (outOffset != null) {
        outOffset[0] += written;
      }
      return read;
    }
  }

  // Functions that both have

  @Override
  public int close(int fd) {
    return common.close(fd);
  }

  @Override
  public long read(int fd, long buffer, long count) {
    return common.read(fd, buffer, count);
  }

  @Override
  public long write(int fd, long buffer, long count) {
    return common.write(fd, buffer, count);
  }

  @Override
  public long pread(int fd, long buffer, long count, long offset) {
    return common.pread(fd, buffer, count, offset);
  }

  @Override
  public long pwrite(int fd, long buffer, long count, long offset) {
    return common.pwrite(fd, buffer, count, offset);
  }

  @Override
  public int ftruncate(int fd, long length) {
    return common.ftruncate(fd, length);
  }

  @Override
  public long lseek(int fd, long offset, int whence) {
    return common.lseek(fd, offset, whence);
  }

  @Override
  public int utimensat(int dirfd, String path, long[] times, int flags) {
    return common.utimensat(dirfd, path, times, flags);
  }

  @Override
  public int fchmod(int fd, int mode) {
    return common.fchmod(fd, mode);
  }

  @Override
  public int chmod(String path, int mode) {
    return common.chmod(path, mode);
  }

  @Override
  public int lchown(String path, int uid, int gid) {
    return common.lchown(path, uid, gid);
  }

  @Override
  public int fchmodat(int dirfd, String path, int mode, int flags) {
    return common.fchmodat(dirfd, path, mode, flags);
  }

  @Override
  public int fchmodat(int dirfd, long path, int mode, int flags) {
    return common.fchmodat(dirfd, path, mode, flags);
  }

  @Override
  public int linkat(int olddirfd, String oldpath, int newdirfd, String newpath, int flags) {
    return common.linkat(olddirfd, oldpath, newdirfd, newpath, flags);
  }

  @Override
  public int unlinkat(int dirfd, String path, int flags) {
    return common.unlinkat(dirfd, path, flags);
  }

  @Override
  public int unlinkat(int dirfd, long path, int flags) {
    return common.unlinkat(dirfd, path, flags);
  }

  @Override
  public int symlinkat(String target, int dirfd, String path) {
    return common.symlinkat(target, dirfd, path);
  }

  @Override
  public int futimens(int fd, long[] times) {
    return common.futimens(fd, times);
  }

  @Override
  public int flock(int fd, int operation) {
    return common.flock(fd, operation);
  }

  @Override
  public int renameat(int olddirfd, long oldpath, int newdirfd, long newpath) {
    return common.renameat(olddirfd, oldpath, newdirfd, newpath);
  }

  @Override
  public long readlinkat(int dirfd, String path, byte[] buffer, long size) {
    return common.readlinkat(dirfd, path, buffer, size);
  }

  @Override
  public int mkdirat(int dirfd, String path, int mode) {
    return common.mkdirat(dirfd, path, mode);
  }

  @Override
  public int socketpair(int domain, int type, int protocol, int[] fds) {
    return common.socketpair(domain, type, protocol, fds);
  }

  @Override
  public int socket(int domain, int type, int protocol) {
    return common.socket(domain, type, protocol);
  }

  @Override
  public int connect(int fd, long address, int length) {
    return common.connect(fd, address, length);
  }

  @Override
  public long recvmsg(int fd, long message, int flags) {
    return common.recvmsg(fd, message, flags);
  }

  @Override
  public int poll(long fds, long count, int timeoutMillis) {
    return common.poll(fds, count, timeoutMillis);
  }

  @Override
  public int waitpid(int pid, int[] status, int options) {
    return common.waitpid(pid, status, options);
  }

  @Override
  public int kill(int pid, int signal) {
    return common.kill(pid, signal);
  }

  @Override
  public int getpagesize() {
    return common.getpagesize();
  }

  @Override
  public int geteuid() {
    return common.geteuid();
  }

  @Override
  public int getegid() {
    return common.getegid();
  }

  @Override
  public long mmap(
      long address, long length, int protection, int flags, int fd, long offset, long unused) {
    return common.mmap(address, length, protection, flags, fd, offset, unused);
  }

  @Override
  public int munmap(long address, long length) {
    return common.munmap(address, length);
  }

  @Override
  public int clock_gettime(int clock, long[] time) {
    return common.clock_gettime(clock, time);
  }

  // Functions that there are none of

  @Override
  public int fallocate(int fd, int mode, long offset, long length) {
    return fail(Errnos.EOPNOTSUPP);
  }

  @Override
  public int ioctl(int fd, long request, long argument) {
    return fail(Errnos.ENOTTY);
  }

  @Override
  public long sendfile(int out, int in, long[] offset, long count) {
    return fail(Errnos.ENOSYS);
  }

  @Override
  public int mount(String source, String target, String type, long flags, String data) {
    return fail(Errnos.ENOSYS);
  }

  @Override
  public int prctl(int option, long argument2, long argument3, long argument4, long argument5) {
    return fail(Errnos.ENOSYS);
  }

  @Override
  public int pipe2(int[] fds, int flags) {
    return fail(Errnos.ENOSYS);
  }

  @Override
  public int sched_setaffinity(int thread, long size, long mask) {
    return fail(Errnos.ENOSYS);
  }

  @Override
  public long syscall(long number, long a, long b, long c, long d, long e, long f) {
    return fail(Errnos.ENOSYS);
  }
}
