package build.inputfs.fuse.vfs;

/**
 * What stat(2) tells of a node: a mutable record that a caller hands in to be filled and may use
 * again. Not thread-safe.
 */
public final class Attributes {
  /** Inode number. */
  public long ino;

  /** Size in bytes. */
  public long size;

  /** Allocated blocks of 512 bytes. */
  public long blocks;

  /** File type and permission bits, as in inode(7). */
  public int mode;

  public int nlink;
  public int uid;
  public int gid;

  /** Of a device its number, as the kernel packs one into 32 bits; else 0. */
  public int device;

  public long atimeSeconds;
  public int atimeNanos;
  public long mtimeSeconds;
  public int mtimeNanos;
  public long ctimeSeconds;
  public int ctimeNanos;

  /**
   * Whether these may change without the transport being the one that asked for it, as they do
   * while a file is open for writing and the kernel writes to its backing file itself. A transport
   * must not remember them then.
   */
  public boolean volatileNow;
}
