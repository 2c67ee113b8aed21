package build.inputfs.fuse.vfs;

/**
 * Which attributes {@link FileSystem#setattr} is to set, and to what. A mutable record that a
 * transport keeps one of per thread.
 */
public final class AttributeChange {
  public boolean setMode;
  public boolean setUid;
  public boolean setGid;
  public boolean setSize;
  public boolean setAtime;
  public boolean setMtime;

  /** Set the access time to the current time, whatever {@link #atimeSeconds} says. */
  public boolean atimeNow;

  /** Set the modification time to the current time. */
  public boolean mtimeNow;

  /** Permission bits; a file type in it is ignored. */
  public int mode;

  public int uid;
  public int gid;

  /** New length in bytes. */
  public long size;

  public long atimeSeconds;
  public int atimeNanos;
  public long mtimeSeconds;
  public int mtimeNanos;

  /** Asks for no change at all. */
  public void clear() {
    setMode = setUid = setGid = setSize = setAtime = setMtime = atimeNow = mtimeNow = false;
  }
}
