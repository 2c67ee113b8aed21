package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.kernel.Mounter;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Linux with libfuse 2. Root mounts by itself, others by {@code fusermount}. */
final class LinuxPlatform implements Platform {
  private static final Path CONFIGURATION = Path.of("/etc/fuse.conf");

  private final Posix posix;
  private final Mounter mounter;

  LinuxPlatform(Posix posix) {
    this.posix = posix;
    this.mounter = new Mounter(posix);
  }

  @Override
  public List<String> libraries() {
    return List.of("libfuse.so.2");
  }

  @Override
  public String advice() {
    return "install the package libfuse2 (Debian, Ubuntu: libfuse2 or libfuse2t64), fuse-libs"
        + " (Fedora, RHEL) or fuse2 (Arch)";
  }

  @Override
  public Path check(Path mountPoint) throws MountException {
    String problem = mounter.deviceProblem();
    if (problem == null) {
      problem = mounter.helperProblem("fusermount");
    }
    if (problem != null) {
      throw new MountException(problem);
    }
    return MountPoints.check(posix, mountPoint);
  }

  @Override
  public List<String> mountOptions(JnrOptions options, Path mountPoint) {
    List<String> words = new ArrayList<>();
    words.add("fsname=" + escape(options.source()));
    words.add("subtype=inputfs");
    words.add("nosuid");
    words.add("nodev");
    words.add(options.readOnly() ? "ro" : "rw");
    if (options.noAtime()) {
      words.add("noatime");
    }
    if (options.allowOther() && mayAllowOther()) {
      words.add("allow_other");
    }
    return words;
  }

  @Override
  public boolean ignoresCase() {
    return false;
  }

  static String escape(String text) {
    return text.replace("\\", "\\\\").replace(",", "\\,");
  }

  /** Root may, and others where {@code /etc/fuse.conf} says so. */
  private boolean mayAllowOther() {
    if (posix.geteuid() == 0) {
      return true;
    }
    try (Stream<String> lines = Files.lines(CONFIGURATION)) {
      return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
    } catch (IOException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  @Override
  public long identity(Path path) throws MountException {
    try {
      long id = MountPoints.mountId(posix, path);
      if (id >= 0) {
        return id;
      }
    } catch (IOException e) {
      throw new MountException("cannot look at the mount " + path + ": " + e.getMessage(), e);
    }
    throw new MountException(path + " was mounted, but something removed the mount at once");
  }

  @Override
  public void unmount(Path path, long identity) throws MountException {
    try {
      for (MountTable.Line line : MountTable.read().mounts()) {
        if (line.id() == identity) {
          mounter.remove(line);
        }
      }
    } catch (MountException e) {
      throw e;
    } catch (IOException e) {
      throw new MountException("cannot look at the mounts: " + e.getMessage(), e);
    }
  }
}
