package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What the kernel remembers of files.
 *
 * @param mayDrop whether it may be told to forget, which other programs feel too
 */
record KernelCaches(boolean mayDrop) {
  /** Where the kernel is told to drop caches: proc_sys_vm(5). */
  private static final Path DROP = Path.of("/proc/sys/vm/drop_caches");

  /** How long what the drop sets off may go on: servers are told to forget. */
  private static final long SETTLE_MILLIS = 50;

  /** Whether this process can and may have them dropped. */
  boolean canDrop() {
    return mayDrop && Files.isWritable(DROP);
  }

  /**
   * Has the kernel forget names and attributes of all files of all disks, as far as it can; their
   * contents stay in memory. To be called only where that can be done.
   */
  void dropNames() throws IOException {
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
