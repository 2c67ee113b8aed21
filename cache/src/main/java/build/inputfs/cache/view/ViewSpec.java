package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import java.nio.file.Path;
import java.util.List;

/**
 * What view is wanted.
 *
 * @param root digest of the input tree's root directory
 * @param path where the view is to be: an existing, empty directory
 * @param uid owner of every input in it
 * @param gid group of every input in it
 * @param readOnly whether every write is to fail with EROFS
 * @param outputs paths relative to the view's root that the action is to make, normalized, with
 *     {@code /} between their parts; their parent directories exist from the start
 * @param scratch how much the action may write
 * @param command what will run in the view, as far as that is known: for what is done ahead of need
 */
public record ViewSpec(
    Digest root,
    Path path,
    int uid,
    int gid,
    boolean readOnly,
    List<String> outputs,
    Quota scratch,
    List<String> command) {

  public ViewSpec {
    outputs = List.copyOf(outputs);
    command = List.copyOf(command);
  }

  /** A view of whose use nothing is known. */
  public ViewSpec(
      Digest root,
      Path path,
      int uid,
      int gid,
      boolean readOnly,
      List<String> outputs,
      Quota scratch) {
    this(root, path, uid, gid, readOnly, outputs, scratch, List.of());
  }
}
