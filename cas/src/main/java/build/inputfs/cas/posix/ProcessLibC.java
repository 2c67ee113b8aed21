package build.inputfs.cas.posix;

import jnr.ffi.annotations.Out;

/**
 * The part of the C library that starts and ends processes, as jnr-ffi binds it: signatures only.
 * {@link Processes} is what callers use. Apart from {@link LibC}, so that a program that starts no
 * process does not bind it.
 *
 * <p>Addresses are passed as {@code long}. Public because jnr-ffi's generated code implements it
 * from another class loader.
 */
public interface ProcessLibC {

  int posix_spawn(
      @Out int[] pid, long path, long fileActions, long attributes, long argv, long envp);

  int posix_spawn_file_actions_init(long actions);

  int posix_spawn_file_actions_destroy(long actions);

  int posix_spawn_file_actions_addopen(long actions, int fd, long path, int flags, int mode);

  int posix_spawn_file_actions_adddup2(long actions, int fd, int newFd);

  int posix_spawn_file_actions_addclose(long actions, int fd);

  int posix_spawn_file_actions_addclosefrom_np(long actions, int from);

  int posix_spawn_file_actions_addchdir_np(long actions, long path);

  int posix_spawnattr_init(long attributes);

  int posix_spawnattr_destroy(long attributes);

  int posix_spawnattr_setflags(long attributes, short flags);

  int posix_spawnattr_setsigmask(long attributes, long set);

  int sigemptyset(long set);

  int waitid(int idType, int id, long info, int options);

  int waitpid(int pid, @Out int[] status, int options);

  int kill(int pid, int signal);

  int capget(long header, long data);

  int capset(long header, long data);

  int prctl(int option, long argument2, long argument3, long argument4, long argument5);
}
