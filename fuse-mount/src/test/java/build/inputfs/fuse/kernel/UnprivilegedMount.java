package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A program that mounts a {@link MemoryFileSystem} as whoever runs it, runs a script in it, prints
 * what that printed, and unmounts. {@link UnprivilegedTest} runs it as a user other than root.
 */
final class UnprivilegedMount {
  private UnprivilegedMount() {}

  /**
   * Mounts, runs, unmounts.
   *
   * @param args the mount point, a directory for contents, and the script
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Posix posix = Posix.load();
    Path mountPoint = Path.of(args[0]);
    try (MemoryFileSystem fs = new MemoryFileSystem(posix, Path.of(args[1]))) {
      fs.addInput("in", "input\n");
      FuseSession session;
      try {
        session = FuseSession.mount(posix, fs, mountPoint, MountOptions.PRIVATE);
      } catch (MountException e) {
        System.out.println("refused: " + e.getMessage());
        return;
      }
      try (session) {
        System.out.println("mounted " + session.mechanism());
        System.out.print(Child.sh(mountPoint, args[2]));
      }
      boolean gone = MountTable.read().at(mountPoint.toRealPath()) == null;
      System.out.println(gone ? "unmounted" : "still mounted");
    }
    try (var left = Files.list(mountPoint)) {
      System.out.println("left: " + left.count());
    }
  }
}
