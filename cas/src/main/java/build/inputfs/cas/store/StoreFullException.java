package build.inputfs.cas.store;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Says that the disk of a store, or a quota on it, is full: nothing was put, and it can be tried
 * again when there is room.
 */
public final class StoreFullException extends IOException {
  private static final String NO_SPACE = "No space left on device";
  private static final String QUOTA = "Disk quota exceeded";

  private StoreFullException(Path root, IOException cause) {
    super("the disk of the store in " + root + " is full: " + cause.getMessage(), cause);
  }

  /** What {@code failure} is when something was being written: this, or what it was. */
  static IOException explain(Path root, IOException failure) {
    return isFull(failure) ? new StoreFullException(root, failure) : failure;
  }

  private static boolean isFull(IOException failure) {
    if (failure instanceof PosixException refused) {
      return refused.errno() == Errnos.ENOSPC || refused.errno() == Errnos.EDQUOT;
    }
    // The JDK has no more than the words of strerror(3).
    String message = String.valueOf(failure.getMessage());
    return !(failure instanceof StoreFullException)
        && (message.endsWith(NO_SPACE) || message.endsWith(QUOTA));
  }
}
