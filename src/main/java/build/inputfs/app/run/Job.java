package build.inputfs.app.run;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cas.digest.Digest;
import java.time.Duration;

/**
 * A command to run in a view of a tree, and what it is to make.
 *
 * @param root digest of the input tree's root directory
 */
public record Job(Digest root, Invocation invocation, DeclaredOutputs outputs) {

  /** This job with another timeout. */
  public Job withTimeout(Duration timeout) {
    return new Job(root, invocation.withTimeout(timeout), outputs);
  }
}
