package build.inputfs.cas.posix;

import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;
import jnr.ffi.annotations.Variadic;

/**
 * The C library of macOS as jnr-ffi binds it: signatures only, of those functions that Linux lacks,
 * or that take other arguments there. {@link MacCalls} alone calls them.
 *
 * <p>On its ARM processors arguments behind the fixed ones of a variadic function are passed on the
 * stack; so each of these says how many are fixed.
 */
public interface MacLibC {

  @Variadic(fixedCount = 3)
  int openat(int dirfd, String path, int flags, int mode);

  @Variadic(fixedCount = 3)
  int openat(int dirfd, long path, int flags, int mode);

  @Variadic(fixedCount = 2)
  int fcntl(int fd, int command, long argument);

  int fstat(int fd, @Out byte[] buffer);

  int fstatat(int dirfd, String path, @Out byte[] buffer, int flags);

  int statvfs(String path, @Out byte[] buffer);

  int fchown(int fd, int uid, int gid);

  int unmount(String path, int flags);

  int renameatx_np(int olddirfd, String oldpath, int newdirfd, String newpath, int flags);

  int renameatx_np(int olddirfd, long oldpath, int newdirfd, String newpath, int flags);

  long __getdirentries64(int fd, long buffer, long size, @In @Out long[] position);

  int clonefile(String source, String target, int flags);

  int fclonefileat(int source, int dirfd, String path, int flags);

  long getxattr(String path, String name, @Out byte[] value, long size, int position, int options);
}
