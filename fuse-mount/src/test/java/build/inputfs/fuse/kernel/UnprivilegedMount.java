package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.jnr.JnrOptions;
import build.inputfs.fuse.jnr.JnrTransport;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import build.inputfs.fuse.vfs.Mounted;
import build.inputfs.fuse.vfs.Transport;
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
   * @param args the transport, the mount point, a directory for contents, and the script
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    Posix posix = Posix.load();
    Transport transport =
        args[0].equals("jnr")
            ? new JnrTransport(posix, JnrOptions.PRIVATE)
            : new KernelTransport(posix, MountOptions.PRIVATE);
    Path mountPoint = Path.of(args[1]);
    try (MemoryFileSystem fs = new MemoryFileSystem(posix, Path.of(args[2]))) {
      fs.addInput("in", "input\n");
      Mounted mounted;
      try {
        mounted = transport.mount(fs, mountPoint, false);
      } catch (MountException e) {
        System.out.println("refused: " + e.getMessage());
        return;
      }
      try (mounted) {
        System.out.println("mounted " + mounted.mechanism());
        System.out.print(Child.sh(mountPoint, args[3]));
      }
      boolean gone = MountTable.read().at(mountPoint.toRealPath()) == null;
      System.out.println(gone ? "unmounted" : "still mounted");
    }
    try (var left = Files.list(mountPoint)) {
      System.out.println("left: " + left.count());
    }
  }
}
