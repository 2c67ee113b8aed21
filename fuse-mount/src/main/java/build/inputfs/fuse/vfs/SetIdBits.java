package build.inputfs.fuse.vfs;

/**
 * The set-user-id and set-group-id bits that a write or truncation by another than root takes away
 * (inode(7)). The kernel does that by a change of mode of its own, except where it hands the whole
 * truncation or write to the server.
 */
public final class SetIdBits {
  private static final int BOTH = 06000;
  private static final int USER = 04000;
  private static final int GROUP = 02000;
  private static final int GROUP_EXECUTE = 010;

  private SetIdBits() {}

  /**
   * Clears them, where {@code node} has any.
   *
   * @param attributes is filled with the node's
   * @param change is used for the change
   */
  public static Status clear(
      FileSystem fs, long node, Attributes attributes, AttributeChange change) {
    Status status = fs.getattr(node, attributes);
    int mode = attributes.mode;
    if (status != Status.OK || (mode & BOTH) == 0) {
      return status;
    }
    int cleared = mode & ~USER;
    if ((mode & GROUP_EXECUTE) != 0) {
      cleared &= ~GROUP;
    }
    if (cleared == mode) {
      return status;
    }
    change.clear();
    change.setMode = true;
    change.mode = cleared & ~FileType.MASK;
    return fs.setattr(node, change, attributes);
  }
}
