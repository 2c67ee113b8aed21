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
 * @param ownPath whether {@code path} is a real one, and of a directory that nobody but the caller
 *     uses: no mount point, so that it need not be looked at
 */
public record ViewSpec(
    Digest root,
    Path path,
    int uid,
    int gid,
    boolean readOnly,
    List<String> outputs,
    Quota scratch,
    List<String> command,
    boolean ownPath) {

  public ViewSpec {
    outputs = List.copyOf(outputs);
    command = List.copyOf(command);
  }

  /** A view at a path that others may know of. */
  public ViewSpec(
      Digest root,
      Path path,
      int uid,
      int gid,
      boolean readOnly,
      List<String> outputs,
      Quota scratch,
      List<String> command) {
    this(root, path, uid, gid, readOnly, outputs, scratch, command, false);
  }

  /** The same, and nothing is known of its use. */
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
