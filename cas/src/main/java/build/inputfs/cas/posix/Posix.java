package build.inputfs.cas.posix;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import jnr.constants.platform.OpenFlags;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/**
 * The native calls that inputfs makes.
 *
 * <p>Unless said otherwise a method returns what the call returns, or {@code -errno} (see {@link
 * Errnos}) where it failed, so that hot paths allocate nothing; {@link #check} turns that into an
 * exception. A call that was interrupted by a signal is made again. Buffers are native addresses
 * whose life the caller guards. Stateless: any thread may call any method at any time.
 */
public final class Posix {
  /** Names the working directory in the calls that end in {@code at}: openat(2). */
  public static final int AT_FDCWD = Host.pick(-100, -2);

  public static final int AT_SYMLINK_NOFOLLOW = Host.pick(0x100, 0x20);
  public static final int AT_SYMLINK_FOLLOW = Host.pick(0x400, 0x40);
  public static final int AT_REMOVEDIR = Host.pick(0x200, 0x80);

  /** Means the descriptor itself, in {@link #statx} and its like. */
  public static final int AT_EMPTY_PATH = 0x1000;

  public static final int O_RDONLY = OpenFlags.O_RDONLY.intValue();
  public static final int O_WRONLY = OpenFlags.O_WRONLY.intValue();
  public static final int O_RDWR = OpenFlags.O_RDWR.intValue();
  public static final int O_ACCMODE = 3;
  public static final int O_CREAT = OpenFlags.O_CREAT.intValue();
  public static final int O_EXCL = OpenFlags.O_EXCL.intValue();
  public static final int O_TRUNC = OpenFlags.O_TRUNC.intValue();
  public static final int O_APPEND = OpenFlags.O_APPEND.intValue();
  public static final int O_NOFOLLOW = OpenFlags.O_NOFOLLOW.intValue();
  public static final int O_DIRECTORY = OpenFlags.O_DIRECTORY.intValue();
  public static final int O_CLOEXEC = Host.pick(0x80000, 0x1000000);

  /** To name a file and no more. macOS has no such flag; O_EVTONLY comes next to it. */
  public static final int O_PATH = Host.pick(0x200000, 0x8000);

  public static final int LOCK_SH = 1;
  public static final int LOCK_EX = 2;
  public static final int LOCK_NB = 4;

  /** For {@link #utimensat}'s nanoseconds: leave this time as it is. */
  public static final long UTIME_OMIT = Host.isMac() ? -2 : (1L << 30) - 2;

  /** For {@link #utimensat}'s nanoseconds: the current time. */
  public static final long UTIME_NOW = Host.isMac() ? -1 : (1L << 30) - 1;

  public static final int RENAME_NOREPLACE = Host.pick(1, 4);
  public static final int RENAME_EXCHANGE = 2;

  /** fallocate(2)'s modes that take no space: to punch a hole, and to cut or shift a range. */
  public static final int FALLOC_GIVES_BACK = 0x2 | 0x8 | 0x20;

  public static final int SEEK_DATA = Host.pick(3, 4);
  public static final int SEEK_HOLE = Host.pick(4, 3);

  public static final long MS_RDONLY = 1;
  public static final long MS_NOSUID = 2;
  public static final long MS_NODEV = 4;
  public static final long MS_REMOUNT = 32;
  public static final long MS_NOATIME = 1024;
  public static final long MS_BIND = 4096;
  public static final int MNT_FORCE = 1;
  public static final int MNT_DETACH = 2;
  public static final int UMOUNT_NOFOLLOW = 8;

  /** ioctl_ficlone(2): share the extents of the file whose descriptor is the argument. */
  private static final long FICLONE = 0x40049409L;

  /** fclonefileat(2): whoever clones a file owns the clone. */
  private static final int CLONE_NO_OWNER = 2;

  /** fcntl(2) of macOS: the path of an open file. */
  private static final int F_GETPATH = 50;

  private static final int PROT_READ = 1;
  private static final int PROT_WRITE = 2;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_ANONYMOUS = Host.pick(0x20, 0x1000);

  // System call numbers, the same on all architectures that we run on.
  private static final long QUOTACTL_FD = 443;
  private static final long IO_URING_SETUP = 425;
  private static final long IO_URING_ENTER = 426;
  private static final long OPEN_TREE = 428;
  private static final long MOVE_MOUNT = 429;

  private static final int OPEN_TREE_CLONE = 1;
  private static final int AT_RECURSIVE = 0x8000;
  private static final int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
  private static final int MOVE_MOUNT_T_EMPTY_PATH = 0x40;

  private static final String OWN_DESCRIPTORS = "/proc/self/fd/";

  private static final int STATX_BASIC_STATS = 0x7ff;
  private static final int STATX_MNT_ID = 0x1000;
  private static final int AT_STATX_DONT_SYNC = 0x4000;
  private static final int FILE_CLOCK = Host.pick(5, 0);
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  private final LibC libc;
  private final Runtime runtime;
  private final boolean mac;

  Posix(LibC libc, Runtime runtime, boolean mac) {
    this.libc = libc;
    this.runtime = runtime;
    this.mac = mac;
  }

  /** Binds the C library. It takes some tens of milliseconds: make one and hand it on. */
  public static Posix load() {
    if (Host.isMac()) {
      return MacCalls.load();
    }
    LibC libc = LibraryLoader.create(LibC.class).load("c");
    return new Posix(libc, Runtime.getRuntime(libc), false);
  }

  /** Whether these are the calls of macOS: some then are others, or fail with ENOSYS. */
  public boolean isMac() {
    return mac;
  }

  /**
   * Turns a failed result into an exception.
   *
   * @param result what one of this class's methods returned
   * @param what the call and what it was made on, such as {@code open /a/b}
   * @return {@code result}, which is not negative
   * @throws PosixException when {@code result} is an error
   */
  public static int check(int result, String what) throws PosixException {
    if (result < 0) {
      throw new PosixException(what, -result);
    }
    return result;
  }

  /** As {@link #check(int, String)}, for calls that return a size or an offset. */
  public static long check(long result, String what) throws PosixException {
    if (result < 0) {
      throw new PosixException(what, (int) -result);
    }
    return result;
  }

  /** open(2) of a whole path, close-on-exec. */
  public int open(Path path, int flags, int mode) {
    return openat(AT_FDCWD, path.toString(), flags, mode);
  }

  /** openat(2), close-on-exec. {@code mode} is subject to the umask. */
  public int openat(int dirfd, String path, int flags, int mode) {
    int result;
    do {
      result = wrap(libc.openat(dirfd, path, flags | O_CLOEXEC, mode));
    } while (result == -Errnos.EINTR);
    return result;
  }

  /** openat(2), close-on-exec, of a name that ends with NUL in native memory. */
  public int openat(int dirfd, long name, int flags) {
    int result;
    do {
      result = wrap(libc.openat(dirfd, name, flags | O_CLOEXEC, 0));
    } while (result == -Errnos.EINTR);
    return result;
  }

  /** close(2). Never repeated: on Linux the descriptor is gone whatever is returned. */
  public int close(int fd) {
    return wrap(libc.close(fd));
  }

  /** read(2) into native memory. EINTR is returned, for readers that are to be woken. */
  public long read(int fd, long address, long count) {
    return wrap(libc.read(fd, address, count));
  }

  /** write(2) from native memory. EINTR is returned. */
  public long write(int fd, long address, long count) {
    return wrap(libc.write(fd, address, count));
  }

  /** pread(2) into native memory: may be short at the end of the file. */
  public long pread(int fd, long address, long count, long offset) {
    long result;
    do {
      result = wrap(libc.pread(fd, address, count, offset));
    } while (result == -Errnos.EINTR);
    return result;
  }

  /** pwrite(2) from native memory: may be short. */
  public long pwrite(int fd, long address, long count, long offset) {
    long result;
    do {
      result = wrap(libc.pwrite(fd, address, count, offset));
    } while (result == -Errnos.EINTR);
    return result;
  }

  /** pwrite(2) of bytes on the heap: may be short. */
  public long pwrite(int fd, byte[] bytes, long offset) {
    try (NativeMemory memory = new NativeMemory()) {
      long address = memory.block(bytes.length);
      memory.put(address, bytes, 0, bytes.length);
      return pwrite(fd, address, bytes.length, offset);
    }
  }

  /** ftruncate(2). */
  public int ftruncate(int fd, long length) {
    int result;
    do {
      result = wrap(libc.ftruncate(fd, length));
    } while (result == -Errnos.EINTR);
    return result;
  }

  /** fallocate(2), with its mode bits. */
  public int fallocate(int fd, int mode, long offset, long length) {
    int result;
    do {
      result = wrap(libc.fallocate(fd, mode, offset, length));
    } while (result == -Errnos.EINTR);
    return result;
  }

  /** lseek(2). */
  public long lseek(int fd, long offset, int whence) {
    return wrap(libc.lseek(fd, offset, whence));
  }

  /** fsync(2), or fdatasync(2) when only the data is asked for. */
  public int fsync(int fd, boolean dataOnly) {
    return wrap(dataOnly ? libc.fdatasync(fd) : libc.fsync(fd));
  }

  /** copy_file_range(2) from and to the descriptors' own offsets, which it advances. */
  public long copyFileRange(int in, int out, long length) {
    return wrap(libc.copy_file_range(in, null, out, null, length, 0));
  }

  /**
   * copy_file_range(2) from and to given offsets.
   *
   * @param inOffset one offset, which is advanced
   * @param outOffset likewise
   */
  public long copyFileRange(int in, long[] inOffset, int out, long[] outOffset, long length) {
    return wrap(libc.copy_file_range(in, inOffset, out, outOffset, length, 0));
  }

  /**
   * Makes {@code destination} share all of {@code source}'s extents: ioctl_ficlone(2). EOPNOTSUPP,
   * EINVAL, EXDEV and ENOTTY mean that this disk cannot.
   */
  public int reflink(int source, int destination) {
    return ioctl(destination, FICLONE, source);
  }

  /**
   * clonefile(2) of macOS: makes {@code target}, which must not exist, a clone of a file, or of a
   * directory with all that is in it; {@code -ENOSYS} where the system has no such call.
   */
  public int clonefile(Path source, Path target) {
    return mac ? wrap(libc.clonefile(source.toString(), target.toString(), 0)) : -Errnos.ENOSYS;
  }

  /**
   * fclonefileat(2) of macOS: makes a new file, named {@code path}, that shares all of {@code
   * source}'s extents and has its mode and times, and this process's owner. Where the system has no
   * such call it is {@code -ENOSYS}, and nothing was asked: {@link #reflink} is what Linux has.
   */
  public int cloneAs(int source, int dirfd, String path) {
    return mac ? wrap(libc.fclonefileat(source, dirfd, path, CLONE_NO_OWNER)) : -Errnos.ENOSYS;
  }

  /** ioctl(2): {@code argument} is a number or the address of native memory. */
  public int ioctl(int fd, long request, long argument) {
    return wrap(libc.ioctl(fd, request, argument));
  }

  /** fcntl(2) with a number as its argument. */
  public int fcntl(int fd, int command, long argument) {
    return wrap(libc.fcntl(fd, command, argument));
  }

  /** statx(2) with lstat semantics: a symlink is itself. */
  public int lstat(Path path, FileStat out) {
    return statx(AT_FDCWD, path.toString(), AT_SYMLINK_NOFOLLOW, out);
  }

  /** fstat(2). */
  public int fstat(int fd, FileStat out) {
    return statx(fd, "", AT_EMPTY_PATH, out);
  }

  /** statx(2), asking for what stat(2) gives. */
  public int statx(int dirfd, String path, int flags, FileStat out) {
    return wrap(libc.statx(dirfd, path, flags, STATX_BASIC_STATS, out.bytes));
  }

  /**
   * statx(2) of an open file or path, asking for its mount alone: whoever serves the filesystem is
   * not asked. Kernels before Linux 5.8 do not say; {@link FileStat#knowsMount} tells.
   */
  public int statMount(int fd, FileStat out) {
    return wrap(libc.statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, out.bytes));
  }

  /**
   * statvfs(3) of the disk that holds {@code path}.
   *
   * @param out receives block size, fragment size, blocks, free blocks, available blocks, files,
   *     free files, available files
   */
  public int statvfs(Path path, long[] out) {
    byte[] raw = new byte[112];
    int result = wrap(libc.statvfs(path.toString(), raw));
    for (int i = 0; result == 0 && i < 8; i++) {
      out[i] = (long) LONGS.get(raw, i * 8);
    }
    return result;
  }

  /**
   * utimensat(2) without following symlinks.
   *
   * @param times access seconds, access nanoseconds, modification seconds, modification nanoseconds
   */
  public int utimensat(int dirfd, String path, long[] times) {
    return wrap(libc.utimensat(dirfd, path, times, AT_SYMLINK_NOFOLLOW));
  }

  /** fchmod(2): the umask plays no part. */
  public int fchmod(int fd, int mode) {
    return wrap(libc.fchmod(fd, mode));
  }

  /** chmod(2), which follows a symlink. */
  public int chmod(Path path, int mode) {
    return wrap(libc.chmod(path.toString(), mode));
  }

  /** lchown(2). */
  public int lchown(Path path, int uid, int gid) {
    return wrap(libc.lchown(path.toString(), uid, gid));
  }

  /** lgetxattr(2): the length of the value, which is put at the start of {@code value}. */
  public long lgetxattr(Path path, String name, byte[] value) {
    return wrap(libc.lgetxattr(path.toString(), name, value, value.length));
  }

  /**
   * Sets the mode of a directory whose name ends with NUL in native memory; a symlink to one is
   * refused, and on Linux anything else.
   */
  public int chmodDirectory(int dirfd, long name, int mode) {
    return mac
        ? wrap(libc.fchmodat(dirfd, name, mode, AT_SYMLINK_NOFOLLOW))
        : chmodThrough(openat(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW), mode);
  }

  /** Sets the mode of a file or directory, of a symlink never what it points to. */
  public int chmodat(int dirfd, String path, int mode) {
    return mac
        ? wrap(libc.fchmodat(dirfd, path, mode, AT_SYMLINK_NOFOLLOW))
        : chmodThrough(openat(dirfd, path, O_PATH | O_NOFOLLOW, 0), mode);
  }

  /** The way to the inode of a descriptor that names a file and no more: open(2). */
  private int chmodThrough(int fd, int mode) {
    if (fd < 0) {
      return fd;
    }
    try {
      return wrap(libc.fchmodat(AT_FDCWD, OWN_DESCRIPTORS + fd, mode, 0));
    } finally {
      close(fd);
    }
  }

  /** linkat(2); flags 0 does not follow a symlink. */
  public int linkat(int oldDir, String oldPath, int newDir, String newPath, int flags) {
    return wrap(libc.linkat(oldDir, oldPath, newDir, newPath, flags));
  }

  /**
   * Makes a link to an open file, whatever its name is by now: linkat(2) through proc(5). {@code
   * -ENOSYS} on macOS, which has no way.
   */
  public int linkDescriptor(int fd, int newDir, String newPath) {
    return mac
        ? -Errnos.ENOSYS
        : linkat(AT_FDCWD, OWN_DESCRIPTORS + fd, newDir, newPath, AT_SYMLINK_FOLLOW);
  }

  /**
   * The path that an open file has now: readlink(2) of its link in proc(5), or fcntl(2).
   *
   * @return how many bytes were put in {@code buffer}, which has to be large enough for any path
   */
  public int pathOf(int fd, byte[] buffer) {
    if (!mac) {
      return readlinkat(AT_FDCWD, OWN_DESCRIPTORS + fd, buffer);
    }
    try (NativeMemory memory = new NativeMemory()) {
      long address = memory.block(buffer.length);
      int result = wrap(libc.fcntl(fd, F_GETPATH, address));
      if (result < 0) {
        return result;
      }
      memory.get(address, buffer, 0, buffer.length);
      int length = 0;
      while (length < buffer.length && buffer[length] != 0) {
        length++;
      }
      return length;
    }
  }

  /** unlinkat(2): with {@link #AT_REMOVEDIR} it is rmdir(2). */
  public int unlinkat(int dirfd, String path, int flags) {
    return wrap(libc.unlinkat(dirfd, path, flags));
  }

  /** unlinkat(2) of a name that ends with NUL in native memory. */
  public int unlinkat(int dirfd, long name, int flags) {
    return wrap(libc.unlinkat(dirfd, name, flags));
  }

  /** symlinkat(2): the target is kept as it is given. */
  public int symlinkat(String target, int dirfd, String path) {
    return wrap(libc.symlinkat(target, dirfd, path));
  }

  /** mknodat(2); {@code mode} has the type in it, and its bits are subject to the umask. */
  public int mknodat(int dirfd, String path, int mode) {
    return wrap(libc.mknodat(dirfd, path, mode, 0));
  }

  /** fchownat(2) without following a symlink. */
  public int fchownat(int dirfd, String path, int uid, int gid) {
    return wrap(libc.fchownat(dirfd, path, uid, gid, AT_SYMLINK_NOFOLLOW));
  }

  /** fchown(2). */
  public int fchown(int fd, int uid, int gid) {
    return wrap(libc.fchownat(fd, "", uid, gid, AT_EMPTY_PATH));
  }

  /** futimens(3), with the times of {@link #utimensat}. */
  public int futimens(int fd, long[] times) {
    return wrap(libc.futimens(fd, times));
  }

  /**
   * getdents64(2): fills native memory with struct linux_dirent64.
   *
   * @return how many bytes; 0 at the directory's end
   */
  public int getdents(int fd, long address, long count) {
    return (int) wrap(libc.getdents64(fd, address, count));
  }

  /** sendfile(2) from a given offset, which is advanced, to the descriptor's own. */
  public long sendfile(int out, int in, long[] offset, long count) {
    return wrap(libc.sendfile(out, in, offset, count));
  }

  /** flock(2). The lock belongs to the open file description and ends with it. */
  public int flock(int fd, int operation) {
    return wrap(libc.flock(fd, operation));
  }

  /** renameat2(2). */
  public int renameat2(int oldDir, String oldPath, int newDir, String newPath, int flags) {
    return wrap(libc.renameat2(oldDir, oldPath, newDir, newPath, flags));
  }

  /** renameat2(2) of a name that ends with NUL in native memory. */
  public int renameat2(int oldDir, long oldName, int newDir, String newPath, int flags) {
    return wrap(libc.renameat2(oldDir, oldName, newDir, newPath, flags));
  }

  /** renameat(2) of a name to a name, each of which ends with NUL in native memory. */
  public int rename(int oldDir, long oldName, int newDir, long newName) {
    return wrap(libc.renameat(oldDir, oldName, newDir, newName));
  }

  /** readlinkat(2): returns how many bytes were put in {@code buffer}, all of it if too small. */
  public int readlinkat(int dirfd, String path, byte[] buffer) {
    return (int) wrap(libc.readlinkat(dirfd, path, buffer, buffer.length));
  }

  /** mkdirat(2); {@code mode} is subject to the umask. */
  public int mkdirat(int dirfd, String path, int mode) {
    return wrap(libc.mkdirat(dirfd, path, mode));
  }

  /** mount(2). */
  public int mount(String source, Path target, String type, long flags, String data) {
    return wrap(libc.mount(source, target.toString(), type, flags, data));
  }

  /** umount2(2). */
  public int umount2(Path target, int flags) {
    return wrap(libc.umount2(target.toString(), flags));
  }

  /**
   * A copy of the mount at {@code path}, with those below it, that is mounted nowhere yet:
   * open_tree(2). Gives a descriptor, close-on-exec, with which it goes.
   */
  public int openTree(Path path) {
    try (Arena arena = Arena.ofConfined()) {
      long flags = OPEN_TREE_CLONE | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW | O_CLOEXEC;
      long name = arena.allocateFrom(path.toString()).address();
      return (int) wrap(libc.syscall(OPEN_TREE, AT_FDCWD, name, flags, 0, 0, 0));
    }
  }

  /** Mounts what {@link #openTree} gave on the directory {@code place}: move_mount(2). */
  public int moveMount(int tree, int place) {
    try (Arena arena = Arena.ofConfined()) {
      long flags = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
      long empty = arena.allocateFrom("").address();
      return (int) wrap(libc.syscall(MOVE_MOUNT, tree, empty, place, empty, flags, 0));
    }
  }

  /** socketpair(2): fills in the two descriptors. */
  public int socketpair(int domain, int type, int protocol, int[] fds) {
    return wrap(libc.socketpair(domain, type, protocol, fds));
  }

  /** socket(2). */
  public int socket(int domain, int type, int protocol) {
    return wrap(libc.socket(domain, type, protocol));
  }

  /** connect(2): {@code address} is that of a struct sockaddr of {@code length} bytes. */
  public int connect(int fd, long address, int length) {
    return wrap(libc.connect(fd, address, length));
  }

  /** recvmsg(2): {@code message} is the address of a struct msghdr. */
  public long recvmsg(int fd, long message, int flags) {
    return wrap(libc.recvmsg(fd, message, flags));
  }

  /** poll(2): {@code fds} is the address of {@code count} struct pollfd. */
  public int poll(long fds, long count, int timeoutMillis) {
    return wrap(libc.poll(fds, count, timeoutMillis));
  }

  /** prctl(2). */
  public int prctl(int option, long argument) {
    return wrap(libc.prctl(option, argument, 0, 0, 0));
  }

  /** waitpid(2): {@code status} receives the raw status word. */
  public int waitpid(int pid, int[] status, int options) {
    return wrap(libc.waitpid(pid, status, options));
  }

  /** kill(2). */
  public int kill(int pid, int signal) {
    return wrap(libc.kill(pid, signal));
  }

  /**
   * The time that the kernel stamps on files now: clock_gettime(2) with CLOCK_REALTIME_COARSE, or
   * CLOCK_REALTIME on macOS.
   *
   * @param out receives seconds and nanoseconds
   */
  public void fileTime(long[] out) {
    libc.clock_gettime(FILE_CLOCK, out);
  }

  /** pipe2(2), close-on-exec: fills in the end to read and the end to write. */
  public int pipe(int[] fds) {
    return wrap(libc.pipe2(fds, O_CLOEXEC));
  }

  /** mmap(2) of {@code length} new bytes, all zero: memory is taken for pages that are touched. */
  public long map(long length) {
    return map(length, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }

  /** mmap(2) of a descriptor's own memory, to read and write, shared with the kernel. */
  public long mapShared(int fd, long length, long offset) {
    return map(length, MAP_SHARED, fd, offset);
  }

  private long map(long length, int flags, int fd, long offset) {
    return wrap(libc.mmap(0, length, PROT_READ | PROT_WRITE, flags, fd, offset, 0));
  }

  /** A view on native memory that the caller has mapped, in native byte order. */
  @SuppressWarnings("restricted") // the caller guards its life: see above
  public static ByteBuffer memory(long address, int length) {
    return MemorySegment.ofAddress(address)
        .reinterpret(length)
        .asByteBuffer()
        .order(ByteOrder.nativeOrder());
  }

  /** munmap(2). */
  public int unmap(long address, long length) {
    return wrap(libc.munmap(address, length));
  }

  /**
   * sched_setaffinity(2): keeps the calling thread, and those that it starts from now on, on one
   * CPU.
   */
  public int stayOnCpu(int cpu) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment mask = arena.allocate(cpu / Byte.SIZE + Long.BYTES & -Long.BYTES, Long.BYTES);
      mask.setAtIndex(ValueLayout.JAVA_LONG, cpu / Long.SIZE, 1L << cpu % Long.SIZE);
      return wrap(libc.sched_setaffinity(0, mask.byteSize(), mask.address()));
    }
  }

  /**
   * quotactl_fd(2), from Linux 5.14 on: quotactl(2) of the disk that an open file is on.
   *
   * @param argument the address of the command's structure
   */
  public int quotactl(int fd, int command, int id, long argument) {
    return (int) wrap(libc.syscall(QUOTACTL_FD, fd, command, id, argument, 0, 0));
  }

  /** io_uring_setup(2): {@code parameters} is the address of a struct io_uring_params. */
  public int ioUringSetup(int entries, long parameters) {
    return (int) wrap(libc.syscall(IO_URING_SETUP, entries, parameters, 0, 0, 0, 0));
  }

  /** io_uring_enter(2). EINTR is returned. */
  public int ioUringEnter(int ring, int submit, int awaited, int flags) {
    return (int) wrap(libc.syscall(IO_URING_ENTER, ring, submit, awaited, flags, 0, 0));
  }

  /** getpagesize(3). */
  public int getpagesize() {
    return libc.getpagesize();
  }

  /** geteuid(2). */
  public int geteuid() {
    return libc.geteuid();
  }

  /** getegid(2). */
  public int getegid() {
    return libc.getegid();
  }

  private int wrap(int result) {
    return result >= 0 ? result : -runtime.getLastError();
  }

  private long wrap(long result) {
    return result >= 0 ? result : -runtime.getLastError();
  }
}
