package build.inputfs.cas.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/**
 * The functions of macOS on Linux: each does to real files what its manual says, and gives what it
 * tells in the structures of macOS. Flags are Linux's, as {@link Posix} has them here. Thread-safe.
 */
public final class MacOnLinux implements MacLibC {
  private static final int F_GETPATH = 50;
  private static final int F_BARRIERFSYNC = 85;
  private static final int PATH_MAX = 1024;
  private static final int DIRENT_NAME = 19;
  private static final int MAC_DIRENT_NAME = 21;

  private final LibC linux;
  private final Posix posix;
  private final Runtime runtime;
  private final Set<String> called = ConcurrentHashMap.newKeySet();

  private MacOnLinux(LibC linux, Runtime runtime) {
    this.linux = linux;
    this.runtime = runtime;
    this.posix = new Posix(linux, runtime, false);
  }

  /** Makes one. */
  public static MacOnLinux create() {
    LibC linux = LibraryLoader.create(LibC.class).load("c");
    return new MacOnLinux(linux, Runtime.getRuntime(linux));
  }

  /** The calls as code sees them that runs on macOS. */
  public Posix posix() {
    return new Posix(new MacCalls(linux, this, runtime), runtime, true);
  }

  /** The names of the functions that were called. */
  public Set<String> called() {
    return new TreeSet<>(called);
  }

  private int fail(int errno) {
    runtime.setLastError(errno);
    return -1;
  }

  @Override
  public int openat(int dirfd, String path, int flags, int mode) {
    called.add("openat");
    if (path.startsWith("/proc/")) {
      return fail(Errnos.ENOENT);
    }
    return linux.openat(dirfd, path, flags, mode);
  }

  @Override
  public int openat(int dirfd, long path, int flags, int mode) {
    return linux.openat(dirfd, path, flags, mode);
  }

  @Override
  public int fcntl(int fd, int command, long argument) {
    if (command == F_BARRIERFSYNC) {
      called.add("F_BARRIERFSYNC");
      return linux.fsync(fd);
    }
    if (command == F_GETPATH) {
      called.add("F_GETPATH");
      byte[] path = new byte[PATH_MAX];
      int length = posix.pathOf(fd, path);
      if (length < 0) {
        return -1;
      }
      Posix.memory(argument, PATH_MAX).put(path, 0, length).put((byte) 0);
      return 0;
    }
    return command <= 4 ? linux.fcntl(fd, command, argument) : fail(Errnos.EINVAL);
  }

  @Override
  public int fstat(int fd, byte[] buffer) {
    FileStat stat = new FileStat();
    return told(posix.fstat(fd, stat), stat, buffer);
  }

  @Override
  public int fstatat(int dirfd, String path, byte[] buffer, int flags) {
    called.add("fstatat");
    FileStat stat = new FileStat();
    return told(posix.statx(dirfd, path, flags, stat), stat, buffer);
  }

  private static int told(int result, FileStat stat, byte[] buffer) {
    if (result < 0) {
      return -1;
    }
    ByteBuffer to = ByteBuffer.wrap(buffer).order(ByteOrder.nativeOrder());
    to.putInt(device(stat.device())).putShort((short) stat.mode()).putShort((short) stat.nlink());
    to.putLong(stat.ino()).putInt(stat.uid()).putInt(stat.gid()).putInt(device(stat.rdev()));
    to.putInt(0);
    to.putLong(stat.atimeSeconds()).putLong(stat.atimeNanos());
    to.putLong(stat.mtimeSeconds()).putLong(stat.mtimeNanos());
    to.putLong(stat.ctimeSeconds()).putLong(stat.ctimeNanos());
    to.putLong(0).putLong(0);
    to.putLong(stat.size()).putLong(stat.blocks()).putInt(4096);
    return 0;
  }

  private static int device(long number) {
    return ((int) (number >>> 32) << 24) | ((int) number & 0xffffff);
  }

  @Override
  public int statvfs(String path, byte[] buffer) {
    byte[] raw = new byte[112];
    int result = linux.statvfs(path, raw);
    ByteBuffer from = ByteBuffer.wrap(raw).order(ByteOrder.nativeOrder());
    ByteBuffer to = ByteBuffer.wrap(buffer).order(ByteOrder.nativeOrder());
    to.putLong(from.getLong()).putLong(from.getLong());
    for (int i = 0; i < 6; i++) {
      to.putInt((int) from.getLong());
    }
    return result;
  }

  @Override
  public int fchown(int fd, int uid, int gid) {
    return linux.fchownat(fd, "", uid, gid, Posix.AT_EMPTY_PATH);
  }

  @Override
  public int unmount(String path, int flags) {
    called.add("unmount");
    return linux.umount2(path, flags == 0x80000 ? Posix.MNT_DETACH : 0);
  }

  @Override
  public int renameatx_np(int olddirfd, String oldpath, int newdirfd, String newpath, int flags) {
    called.add("renameatx_np");
    return linux.renameat2(olddirfd, oldpath, newdirfd, newpath, flags);
  }

  @Override
  public int renameatx_np(int olddirfd, long oldpath, int newdirfd, String newpath, int flags) {
    return linux.renameat2(olddirfd, oldpath, newdirfd, newpath, flags);
  }

  /** Entries are larger than Linux's, so a part of the buffer is asked for. */
  @Override
  @SuppressWarnings("restricted")
  public long __getdirentries64(int fd, long buffer, long size, long[] position) {
    called.add("__getdirentries64");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(size / 2, 8);
      MemorySegment to = MemorySegment.ofAddress(buffer).reinterpret(size);
      long length = linux.getdents64(fd, from.address(), size / 2);
      long end = 0;
      for (long at = 0; at < length; ) {
        int record = from.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 16) & 0xffff;
        byte[] name = from.getString(at + DIRENT_NAME).getBytes(StandardCharsets.UTF_8);
        int made = (MAC_DIRENT_NAME + name.length + 1 + 7) & -8;
        MemorySegment.copy(from, at, to, end, 16);
        to.set(ValueLayout.JAVA_SHORT_UNALIGNED, end + 16, (short) made);
        to.set(ValueLayout.JAVA_SHORT_UNALIGNED, end + 18, (short) name.length);
        to.set(ValueLayout.JAVA_BYTE, end + 20, from.get(ValueLayout.JAVA_BYTE, at + 18));
        to.setString(end + MAC_DIRENT_NAME, new String(name, StandardCharsets.UTF_8));
        end += made;
        at += record;
      }
      return length < 0 ? length : end;
    }
  }

  @Override
  public int clonefile(String source, String target, int flags) {
    called.add("clonefile");
    try {
      if (posix.statx(Posix.AT_FDCWD, target, Posix.AT_SYMLINK_NOFOLLOW, new FileStat()) == 0) {
        return fail(Errnos.EEXIST);
      }
      Process copy = new ProcessBuilder("cp", "-a", source, target).inheritIO().start();
      return copy.waitFor() == 0 ? 0 : fail(Errnos.EIO);
    } catch (IOException e) {
      return fail(Errnos.EIO);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail(Errnos.EINTR);
    }
  }

  @Override
  public int fclonefileat(int source, int dirfd, String path, int flags) {
    called.add("fclonefileat");
    FileStat stat = new FileStat();
    int created = Posix.O_WRONLY | Posix.O_CREAT | Posix.O_EXCL | Posix.O_CLOEXEC;
    int out = linux.openat(dirfd, path, created, 0600);
    if (out < 0 || posix.fstat(source, stat) < 0) {
      return -1;
    }
    try {
      long[] from = {0};
      long[] to = {0};
      while (from[0] < stat.size()) {
        if (linux.copy_file_range(source, from, out, to, stat.size() - from[0], 0) <= 0) {
          return -1;
        }
      }
      return linux.fchmod(out, stat.mode() & 07777);
    } finally {
      linux.close(out);
    }
  }

  @Override
  public long getxattr(
      String path, String name, byte[] value, long size, int position, int options) {
    return linux.lgetxattr(path, name, value, size);
  }
}
