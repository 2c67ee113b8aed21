package build.inputfs.cache.view;

import java.io.IOException;

/**
 * How much an action may keep in its view's scratch at a time: what it writes, and the inputs that
 * become private copies. Inputs that are only read cost nothing.
 *
 * @param bytes of the disk that files may take, as du(1) counts them: holes are free; 0 for no
 *     limit
 * @param files how many files, directories, symlinks and other names may be made; 0 for no limit
 */
public record Quota(long bytes, long files) {
  /** No limit. */
  public static final Quota NONE = new Quota(0, 0);

  /** What is limited. */
  public enum Limit {
    BYTES,
    FILES
  }

  public Quota {
    if (bytes < 0 || files < 0) {
      throw new IllegalArgumentException("a limit cannot be negative");
    }
  }

  /** Whether nothing is limited. */
  public boolean isNone() {
    return bytes == 0 && files == 0;
  }

  /** How much is allowed of {@code limit}, or 0. */
  public long of(Limit limit) {
    return switch (limit) {
      case BYTES -> bytes;
      case FILES -> files;
    };
  }

  /**
   * Says no where a limit is asked for and cannot be kept.
   *
   * @param strategy the name of whoever cannot
   * @param reason why, and what to do
   */
  public void refuse(String strategy, String reason) throws IOException {
    if (!isNone()) {
      throw new IOException(
          "the strategy %s cannot limit its scratch here: %s".formatted(strategy, reason));
    }
  }
}
