package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel remembers of files. Stateless. */
final class KernelCaches {
  /** Where the kernel is told to drop caches: proc_sys_vm(5). */
  private static final Path DROP = Path.of("/proc/sys/vm/drop_caches");

  /** How long what the drop sets off may go on: servers are told to forget. */
  private static final long SETTLE_MILLIS = 50;

  private KernelCaches() {}

  /** Whether this process may have them dropped. */
  static boolean canDrop() {
    return Files.isWritable(DROP);
  }

  /**
   * Has the kernel forget names and attributes of all files of all disks, as far as it can; their
   * contents stay in memory.
   */
  static void dropNames() throws IOException {
    Files.writeString(DROP, "2\n");
    settle();
  }

  /** Waits until late requests have been served. */
  static void settle() throws IOException {
    try {
      Thread.sleep(SETTLE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
