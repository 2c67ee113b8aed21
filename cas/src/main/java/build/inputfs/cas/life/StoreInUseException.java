package build.inputfs.cas.life;

import java.io.IOException;

/** Says that another process keeps the store within a limit. */
public final class StoreInUseException extends IOException {
  StoreInUseException(String message) {
    super(message);
  }
}
