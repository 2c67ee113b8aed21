package build.inputfs.fuse.scratch;

import build.inputfs.cache.view.Quota;
import java.io.IOException;

/** A way to keep one folder within a quota. Thread-safe. */
interface Limiter {

  /** What it is called, for people. */
  String name();

  /** Whether more than is allowed is refused. Else somebody has to look. */
  boolean refuses();

  /** What is in the folder now. */
  Usage usage() throws IOException;

  /**
   * Allows as much from now on, beside what there is already.
   *
   * @param quota whose zeros are no limits
   * @param there what there is
   */
  void allow(Quota quota, Usage there) throws IOException;

  /** Removes what is in the folder, the folder itself, and what keeps it within its quota. */
  void remove() throws IOException;
}
