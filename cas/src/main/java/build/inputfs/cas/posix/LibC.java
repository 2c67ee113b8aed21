package build.inputfs.cas.posix;

import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import org.jspecify.annotations.Nullable;

/**
 * The C library of Linux as jnr-ffi binds it: signatures only. {@link Posix} is what callers use.
 * On macOS {@link MacCalls} stands in its place.
 *
 * <p>Addresses are passed as {@code long}, so that a call needs no wrapper object. Public because
 * jnr-ffi's generated code implements it from another class loader.
 *
 * <p>Of a call with exactly six integers jnr-ffi 2.3.3 garbles the last one. So none is declared
 * so: where the function has six, a seventh follows, which it does not look at.
 */
public interface LibC {

  int openat(int dirfd, String path, int flags, int mode);

  int openat(int dirfd, long path, int flags, int mode);

  int close(int fd);

  long read(int fd, long buffer, long count);

  long write(int fd, long buffer, long count);

  long pread(int fd, long buffer, long count, long offset);

  long pwrite(int fd, long buffer, long count, long offset);

  int ftruncate(int fd, long length);

  int fallocate(int fd, int mode, long offset, long length);

  long lseek(int fd, long offset, int whence);

  int fsync(int fd);

  int fdatasync(int fd);

  long copy_file_range(
      int in,
      @In @Out long @Nullable [] inOffset,
      int out,
      @In @Out long @Nullable [] outOffset,
      long length,
      int flags);

  int ioctl(int fd, long request, long argument);

  int fcntl(int fd, int command, long argument);

  int statx(int dirfd, String path, int flags, int mask, @Out byte[] buffer);

  int statvfs(String path, @Out byte[] buffer);

  int utimensat(int dirfd, String path, @In long[] times, int flags);

  int fchmod(int fd, int mode);

  int chmod(String path, int mode);

  int lchown(String path, int uid, int gid);

  long lgetxattr(String path, String name, @Out byte[] value, long size);

  int fchmodat(int dirfd, String path, int mode, int flags);

  int fchmodat(int dirfd, long path, int mode, int flags);

  int linkat(int olddirfd, String oldpath, int newdirfd, String newpath, int flags);

  int unlinkat(int dirfd, String path, int flags);

  int unlinkat(int dirfd, long path, int flags);

  int symlinkat(String target, int dirfd, String path);

  int mknodat(int dirfd, String path, int mode, long device);

  int fchownat(int dirfd, String path, int uid, int gid, int flags);

  int futimens(int fd, @In long[] times);

  long getdents64(int fd, long buffer, long count);

  long sendfile(int out, int in, @In @Out long[] offset, long count);

  int flock(int fd, int operation);

  int renameat2(int olddirfd, String oldpath, int newdirfd, String newpath, int flags);

  int renameat2(int olddirfd, long oldpath, int newdirfd, String newpath, int flags);

  int renameat(int olddirfd, long oldpath, int newdirfd, long newpath);

  long readlinkat(int dirfd, String path, @Out byte[] buffer, long size);

  int mkdirat(int dirfd, String path, int mode);

  int mount(String source, String target, String type, long flags, String data);

  int umount2(String target, int flags);

  int socketpair(int domain, int type, int protocol, @Out int[] fds);

  int socket(int domain, int type, int protocol);

  int connect(int fd, long address, int length);

  long recvmsg(int fd, long message, int flags);

  int poll(long fds, long count, int timeoutMillis);

  int prctl(int option, long argument2, long argument3, long argument4, long argument5);

  int waitpid(int pid, @Out int[] status, int options);

  int kill(int pid, int signal);

  int clock_gettime(int clock, @Out long[] time);

  int pipe2(@Out int[] fds, int flags);

  int getpagesize();

  /** Of macOS alone. */
  int clonefile(String source, String target, int flags);

  /** Of macOS alone. */
  int fclonefileat(int source, int dirfd, String path, int flags);

  int geteuid();

  int getegid();

  long mmap(long address, long length, int protection, int flags, int fd, long offset, long unused);

  int munmap(long address, long length);

  int sched_setaffinity(int thread, long size, long mask);

  long syscall(long number, long a, long b, long c, long d, long e, long f);
}
