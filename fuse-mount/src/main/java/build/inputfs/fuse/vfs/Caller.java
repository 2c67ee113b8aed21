package build.inputfs.fuse.vfs;

/**
 * On whose behalf an operation is made. A mutable record that a transport keeps one of per thread.
 */
public final class Caller {
  /** The user and group that own what is created. */
  public int uid;

  public int gid;

  /** The process, or 0 where it is not known. */
  public int pid;
}
