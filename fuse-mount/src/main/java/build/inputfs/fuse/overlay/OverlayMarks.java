package build.inputfs.fuse.overlay;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.FileType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * What overlayfs writes in an upper directory beside the files themselves, as the kernel's
 * Documentation/filesystems/overlayfs.rst describes it: whiteouts, opaque directories and
 * redirects. Thread-safe.
 */
final class OverlayMarks {
  private static final int LONGEST = 4096;

  private final Posix posix;
  private final String opaque;
  private final String redirect;

  /**
   * Marks as one kind of mount writes them.
   *
   * @param user whether it was mounted with {@code userxattr}
   */
  OverlayMarks(Posix posix, boolean user) {
    this.posix = posix;
    String prefix = user ? "user.overlay." : "trusted.overlay.";
    opaque = prefix + "opaque";
    redirect = prefix + "redirect";
  }

  /** Whether a name in an upper directory stands for nothing. */
  static boolean isWhiteout(FileStat stat) {
    return (stat.mode() & FileType.MASK) == FileType.CHARACTER_DEVICE && stat.rdev() == 0;
  }

  /** Whether an upper directory hides the lower one of its name. */
  boolean isOpaque(Path directory) throws IOException {
    return "y".equals(value(directory, opaque));
  }

  /**
   * Where the lower directory of an upper one is, if not under the same name: a path from the root
   * of the view when it starts with a slash, else a name in the same directory.
   */
  @Nullable String redirect(Path directory) throws IOException {
    return value(directory, redirect);
  }

  private @Nullable String value(Path file, String name) throws IOException {
    byte[] buffer = new byte[LONGEST];
    long length = posix.lgetxattr(file, name, buffer);
    if (length == -Errnos.ENODATA || length == -Errnos.EOPNOTSUPP) {
      return null;
    }
    Posix.check(length, "read " + name + " of " + file);
    return new String(buffer, 0, (int) length, StandardCharsets.UTF_8);
  }
}
