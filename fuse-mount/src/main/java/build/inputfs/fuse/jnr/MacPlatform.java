package build.inputfs.fuse.jnr;

import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * macOS with macFUSE. What it decides is in methods that need no Mac; what it does to the system
 * goes by programs that every Mac has: umount(8) and diskutil(8).
 */
final class MacPlatform implements Platform {
  /** Seconds after which macFUSE gives up a server that does not answer; fetching may take long. */
  private static final int PATIENCE = 600;

  private final Mounts mounts;
  private final Programs programs;

  /** Tells what is mounted. */
  interface Mounts {
    MountTable read() throws IOException;
  }

  /** Runs programs of the system to their end. */
  interface Programs {
    /**
     * Runs one.
     *
     * @return what it printed on both streams
     * @throws IOException when it cannot be started, or fails; the message has what it printed
     */
    String run(String... command) throws IOException;
  }

  MacPlatform(Mounts mounts, Programs programs) {
    this.mounts = mounts;
    this.programs = programs;
  }

  @Override
  public List<String> libraries() {
    return List.of(
        "libfuse.2.dylib",
        "/usr/local/lib/libfuse.2.dylib",
        "/usr/local/lib/libosxfuse.2.dylib",
        "/opt/homebrew/lib/libfuse.2.dylib");
  }

  @Override
  public String advice() {
    return "install macFUSE (https://macfuse.github.io, or `brew install --cask macfuse`) and allow"
        + " its system extension";
  }

  @Override
  public Path check(Path mountPoint) throws MountException {
    Path path;
    try {
      path = mountPoint.toRealPath();
      try (DirectoryStream<Path> entries = Files.newDirectoryStream(path)) {
        if (entries.iterator().hasNext()) {
          throw new MountException(
              "the mount point " + mountPoint + " is not empty: give an empty directory");
        }
      }
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      throw new MountException("cannot use the mount point " + mountPoint + ": " + e, e);
    }
    if (mountedAt(path) != null) {
      throw new MountException(path + " is a mount point already");
    }
    return path;
  }

  /**
   * {@inheritDoc}
   *
   * <p>{@code noappledouble} and {@code noapplexattr} keep the Finder from leaving {@code
   * .DS_Store} and {@code ._} files, which would be outputs of nobody's; {@code nobrowse} keeps
   * views off the desktop, and Spotlight out of them.
   */
  @Override
  public List<String> mountOptions(JnrOptions options, Path mountPoint) {
    List<String> words = new ArrayList<>();
    words.add("fsname=" + LinuxPlatform.escape(options.source()));
    words.add("fstypename=inputfs");
    words.add("volname=" + LinuxPlatform.escape(volumeName(mountPoint)));
    words.add("noappledouble");
    words.add("noapplexattr");
    words.add("nobrowse");
    words.add("nosuid");
    words.add("nodev");
    words.add("daemon_timeout=" + PATIENCE);
    words.add(options.readOnly() ? "ro" : "rw");
    if (options.noAtime()) {
      words.add("noatime");
    }
    return words;
  }

  @Override
  public boolean ignoresCase() {
    return true;
  }

  /** What the Finder calls it. */
  static String volumeName(Path mountPoint) {
    return "inputfs " + mountPoint.getFileName();
  }

  /** The number of the filesystem. */
  @Override
  public long identity(Path path) throws MountException {
    MountTable.Line line = mountedAt(path);
    if (line == null) {
      throw new MountException(path + " was mounted, but something removed the mount at once");
    }
    return line.id();
  }

  @Override
  public void unmount(Path path, long identity) throws MountException {
    if (!isMounted(path, identity)) {
      return;
    }
    try {
      programs.run("/sbin/umount", path.toString());
    } catch (IOException busy) {
      try {
        programs.run("/usr/sbin/diskutil", "unmount", "force", path.toString());
      } catch (IOException e) {
        if (isMounted(path, identity)) {
          e.addSuppressed(busy);
          throw new MountException("cannot unmount " + path + ": " + e.getMessage(), e);
        }
      }
    }
  }

  private boolean isMounted(Path path, long identity) throws MountException {
    MountTable.Line line = mountedAt(path);
    return line != null && line.id() == identity;
  }

  private MountTable.@Nullable Line mountedAt(Path path) throws MountException {
    try {
      return mounts.read().at(path);
    } catch (IOException e) {
      throw new MountException("cannot look at the mounts: " + e.getMessage(), e);
    }
  }

  /** Runs them for real. */
  static String run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    try (var out = process.inputReader()) {
      String said = String.join("\n", out.lines().toList());
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException(
            "%s ended with exit code %d: %s".formatted(String.join(" ", command), code, said));
      }
      return said;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while " + command[0] + " ran", e);
    } finally {
      process.destroy();
    }
  }
}
