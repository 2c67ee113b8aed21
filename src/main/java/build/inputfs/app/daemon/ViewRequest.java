package build.inputfs.app.daemon;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What view a client wants.
 *
 * @param root digest of the input tree's root directory
 * @param mountPoint an empty directory of the client's, or null where the daemon is to choose
 * @param strategy name of a strategy, or empty for the first that works
 * @param uid owner of every input
 * @param gid group of every input
 * @param readOnly whether every write is to fail
 * @param outputs what the action is to make
 * @param quota how much it may write
 * @param deadline the view is closed so long after it was made; null for never
 * @param lease name of the lease that it lives under, or empty
 * @param correlation handed on as it is
 * @param command what will run in the view, as far as that is known
 */
public record ViewRequest(
    Digest root,
    @Nullable Path mountPoint,
    String strategy,
    int uid,
    int gid,
    boolean readOnly,
    DeclaredOutputs outputs,
    Quota quota,
    @Nullable Duration deadline,
    String lease,
    Correlation correlation,
    List<String> command) {

  public ViewRequest {
    command = List.copyOf(command);
  }
}
