package build.inputfs.cas.tree;

import com.google.protobuf.UnsafeByteOperations;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The rules for what entries and symlinks hold, after the Remote Execution API and
 * path_resolution(7). Stateless.
 */
final class EntryRules {
  /** NAME_MAX of Linux and macOS, in bytes. */
  static final int MAX_NAME = 255;

  /** PATH_MAX of Linux, less the NUL at its end. */
  static final int MAX_TARGET = 4095;

  private static final int MAX_MODE = 07777;

  // The years 1 to 9999, as protobuf's Timestamp has them.
  private static final long MIN_SECONDS = -62_135_596_800L;
  private static final long MAX_SECONDS = 253_402_300_799L;
  private static final int MAX_NANOS = 999_999_999;

  private EntryRules() {}

  /** Says why these bytes cannot be an entry's name, or returns null when they can. */
  static @Nullable String problemWithName(byte[] array, int offset, int length) {
    if (length == 0) {
      return "a name is empty";
    }
    if (length > MAX_NAME) {
      return "a name has %d bytes, and %d are allowed: %s"
          .formatted(length, MAX_NAME, show(array, offset, 40));
    }
    boolean dots = length <= 2;
    boolean ascii = true;
    for (int i = offset; i < offset + length; i++) {
      byte b = array[i];
      if (b == '/' || b == 0) {
        return "a name holds " + (b == 0 ? "NUL" : "'/'") + ": " + show(array, offset, length);
      }
      dots &= b == '.';
      ascii &= b >= 0;
    }
    if (dots) {
      return "a name is " + show(array, offset, length);
    }
    if (!ascii && !isUtf8(array, offset, length)) {
      return "a name is not UTF-8: " + show(array, offset, length);
    }
    return null;
  }

  /** Says why these bytes cannot be what a symlink points to, or returns null when they can. */
  static @Nullable String problemWithTarget(byte[] array, int offset, int length) {
    if (length == 0) {
      return "its target is empty";
    }
    if (length > MAX_TARGET) {
      return "its target has %d bytes, and %d are allowed".formatted(length, MAX_TARGET);
    }
    for (int i = offset; i < offset + length; i++) {
      if (array[i] == 0) {
        return "its target holds NUL";
      }
    }
    return isUtf8(array, offset, length) ? null : "its target is not UTF-8";
  }

  /** Says why this cannot be a {@code unix_mode}, or returns null when it can. */
  static @Nullable String problemWithMode(int mode) {
    return (mode & ~MAX_MODE) == 0 ? null : "unix_mode is 0" + Integer.toOctalString(mode);
  }

  /** Says why this cannot be an {@code mtime}, or returns null when it can. */
  static @Nullable String problemWithMtime(long seconds, int nanos) {
    return nanos < 0 || nanos > MAX_NANOS || seconds < MIN_SECONDS || seconds > MAX_SECONDS
        ? "mtime is %d s and %d ns".formatted(seconds, nanos)
        : null;
  }

  /** The bytes as text for a message. */
  static String show(byte[] array, int offset, int length) {
    return "'" + new String(array, offset, length, StandardCharsets.UTF_8) + "'";
  }

  private static boolean isUtf8(byte[] array, int offset, int length) {
    return UnsafeByteOperations.unsafeWrap(array, offset, length).isValidUtf8();
  }
}
