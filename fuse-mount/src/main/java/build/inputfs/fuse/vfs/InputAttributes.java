package build.inputfs.fuse.vfs;

import build.inputfs.cas.tree.InputDirectory;

/**
 * What the entries of an input tree look like in every view: files 0444, executables 0555, symlinks
 * 0777, all of one owner and one time, unless the tree says otherwise. Immutable.
 */
public final class InputAttributes {
  /** 2000-01-01T00:00:00Z: the time of every input that brings none. */
  public static final long DEFAULT_MTIME = 946_684_800L;

  public static final int DIRECTORY_MODE = 0755;
  private static final int PERMISSIONS = 07777;
  private static final int BLOCK = 4096;

  private final int uid;
  private final int gid;
  private final long ctimeSeconds;
  private final int ctimeNanos;

  /**
   * The attributes of one view's or one mount's inputs.
   *
   * @param changed the change time of all inputs: seconds and nanoseconds
   */
  public InputAttributes(int uid, int gid, long[] changed) {
    this.uid = uid;
    this.gid = gid;
    this.ctimeSeconds = changed[0];
    this.ctimeNanos = (int) changed[1];
  }

  public int uid() {
    return uid;
  }

  public int gid() {
    return gid;
  }

  /** Fills in the attributes of entry {@code index}, a file or a symlink. */
  public void fillLeaf(InputDirectory input, int index, long ino, Attributes out) {
    int type =
        switch (input.kind(index)) {
          case FILE -> FileType.REGULAR;
          case SYMLINK -> FileType.SYMLINK;
          case DIRECTORY -> throw new IllegalArgumentException(index + " is a directory");
        };
    int unixMode = input.unixMode(index);
    int plain = input.executable(index) ? 0555 : 0444;
    boolean file = type == FileType.REGULAR;
    out.mode = type | (!file ? 0777 : unixMode >= 0 ? unixMode & PERMISSIONS : plain);
    out.nlink = 1;
    out.size = input.fileSize(index);
    out.blocks = file ? (out.size + 511) / 512 : 0;
    boolean timed = input.hasMtime(index);
    fillCommon(
        ino,
        timed ? input.mtimeSeconds(index) : DEFAULT_MTIME,
        timed ? input.mtimeNanos(index) : 0,
        out);
  }

  /** Fills in the attributes of a directory with so many subdirectories and the default mode. */
  public void fillDirectory(int subdirectories, long ino, Attributes out) {
    out.mode = FileType.DIRECTORY | DIRECTORY_MODE;
    out.nlink = 2 + subdirectories;
    out.size = BLOCK;
    out.blocks = BLOCK / 512;
    fillCommon(ino, DEFAULT_MTIME, 0, out);
  }

  /** Fills in the attributes of the directory that {@code input} describes. */
  public void fillDirectory(InputDirectory input, long ino, Attributes out) {
    fillDirectory(input.directoryCount(), ino, out);
    if (input.ownUnixMode() >= 0) {
      out.mode = FileType.DIRECTORY | (input.ownUnixMode() & PERMISSIONS);
    }
    if (input.hasOwnMtime()) {
      fillCommon(ino, input.ownMtimeSeconds(), input.ownMtimeNanos(), out);
    }
  }

  private void fillCommon(long ino, long seconds, int nanos, Attributes out) {
    out.ino = ino;
    out.uid = uid;
    out.gid = gid;
    out.device = 0;
    out.volatileNow = false;
    out.mtimeSeconds = seconds;
    out.mtimeNanos = nanos;
    out.atimeSeconds = seconds;
    out.atimeNanos = nanos;
    out.ctimeSeconds = ctimeSeconds;
    out.ctimeNanos = ctimeNanos;
  }
}
