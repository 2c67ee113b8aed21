package build.inputfs.cache.link;

/** Hears how far the making of a tree has come. */
@FunctionalInterface
public interface TreeListener {
  /** Hears nothing. */
  TreeListener NONE = bytes -> {};

  /**
   * Called when a file is in the tree, by the thread that made it: several call at the same time.
   * It must not block.
   *
   * @param bytes size of the file
   */
  void fileMade(long bytes);
}
