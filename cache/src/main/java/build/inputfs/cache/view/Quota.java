package build.inputfs.cache.view;

import java.io.IOException;

/**
 * How much an action may keep in its view's scratch at a time, and where that is: what it writes,
 * and the inputs that become private copies. Inputs that are only read cost nothing.
 *
 * @param bytes that files may take, as du(1) counts them: holes are free; 0 for no limit
 * @param files how many files, directories, symlinks and other names may be made; 0 for no limit
 * @param medium where the scratch is
 */
public record Quota(long bytes, long files, Medium medium) {
  /** No limit, on the disk. */
  public static final Quota NONE = new Quota(0, 0);

  /** What is limited. */
  public enum Limit {
    BYTES,
    FILES
  }

  /** Where a scratch is. */
  public enum Medium {
    /** The local disk. */
    DISK,
    /** A tmpfs of the view's own: memory, and swap. */
    MEMORY
  }

  public Quota {
    if (bytes < 0 || files < 0) {
      throw new IllegalArgumentException("a limit cannot be negative");
    }
  }

  /** Limits on the disk. */
  public Quota(long bytes, long files) {
    this(bytes, files, Medium.DISK);
  }

  /** Whether nothing is asked for. */
  public boolean isNone() {
    return bytes == 0 && files == 0 && medium == Medium.DISK;
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
          "the strategy %s cannot limit its scratch: %s".formatted(strategy, reason));
    }
  }
}
