package build.inputfs.cas.tree;

/** Hears how far an import has come. */
@FunctionalInterface
public interface ImportListener {
  /**
   * Called when a regular file is in the store, by whichever thread has put it there: many threads
   * call at the same time. It must not block.
   *
   * @param bytes size of the file
   */
  void fileImported(long bytes);
}
