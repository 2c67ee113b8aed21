package build.inputfs.fuse.vfs;

/**
 * A name that was found: its node and the node's attributes. A mutable record that a caller hands
 * in to be filled and may use again. Not thread-safe.
 */
public final class Entry {
  /**
   * The node. Filling it in counts as one lookup, which {@link FileSystem#forget} gives back. Zero
   * in a listing means that the attributes were not at hand and nothing was counted.
   */
  public long node;

  public final Attributes attributes = new Attributes();
}
