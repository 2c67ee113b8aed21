package build.inputfs.cache.link;

import build.inputfs.cache.view.ViewFailure;
import java.io.IOException;

/** Says that a tree could not be made: for which path, and which blob was wanted. */
public final class TreeFailureException extends IOException {
  private final ViewFailure failure;

  /**
   * @param failure what could not be had
   * @param cause why
   */
  public TreeFailureException(ViewFailure failure, IOException cause) {
    super(failure.toString(), cause);
    this.failure = failure;
  }

  /** What could not be had. */
  public ViewFailure failure() {
    return failure;
  }
}
