package build.inputfs.app.bench;

import java.io.IOException;

/** Something could not be done in a view, or for one contender: the others can go on. */
final class RefusedException extends IOException {
  private static final long serialVersionUID = 1;

  RefusedException(String message) {
    super(message);
  }
}
