package build.inputfs.cas.posix;

import jnr.ffi.annotations.In;
import jnr.ffi.annotations.Out;

/** What {@link Accounts} calls of the C library: see {@link LibC}. */
public interface AccountLibC {

  int getpwnam_r(String name, long entry, long buffer, long length, @Out long[] result);

  int getgrnam_r(String name, long entry, long buffer, long length, @Out long[] result);

  int getgrouplist(String user, int group, @Out int[] groups, @In @Out int[] count);
}
