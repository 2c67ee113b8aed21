package build.inputfs.cas.store;

/**
 * Keeps blobs of a store where they are, as far as inputfs is concerned, until it is closed.
 * Whoever takes one closes it: from any thread, and doing so again does nothing.
 */
public interface Lease extends AutoCloseable {
  /** Keeps nothing. */
  Lease NONE = () -> {};

  @Override
  void close();
}
