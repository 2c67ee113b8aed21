package build.inputfs.app.run;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A command to run in a view of a tree, and what it is to make.
 *
 * @param root digest of the input tree's root directory
 * @param scratch how much it may write
 * @param action the recorded action that it is, or null
 */
public record Job(
    Digest root,
    Invocation invocation,
    DeclaredOutputs outputs,
    Quota scratch,
    @Nullable Digest action) {

  /** A job that may write what it likes. */
  public Job(Digest root, Invocation invocation, DeclaredOutputs outputs) {
    this(root, invocation, outputs, Quota.NONE, null);
  }

  /** This job with another timeout. */
  public Job withTimeout(Duration timeout) {
    return new Job(root, invocation.withTimeout(timeout), outputs, scratch, action);
  }

  /** This job with another limit to what it may write. */
  public Job withScratch(Quota quota) {
    return new Job(root, invocation, outputs, quota, action);
  }
}
