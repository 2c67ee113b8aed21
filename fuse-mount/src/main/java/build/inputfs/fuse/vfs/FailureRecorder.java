package build.inputfs.fuse.vfs;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Who wants to know what the store or the disk could not give, or not at once. Thread-safe. */
@FunctionalInterface
public interface FailureRecorder {

  /**
   * Records a failure.
   *
   * @param operation what was asked for, such as {@code open}
   * @param path path in the tree or view
   * @param digest the blob that was wanted, where it was one
   */
  void record(String operation, String path, @Nullable Digest digest, IOException cause);

  /**
   * Counts a wait for a blob that had to be fetched, whether it came or not.
   *
   * @param path path in the tree or view
   */
  default void waited(String path, Digest digest, long nanos) {}
}
