package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel remembers of files, for this program and all others. For one thread. */
final class KernelCaches {
  /** Where the kernel is told to drop caches: proc_sys_vm(5). */
  private static final Path DROP = Path.of("/proc/sys/vm/drop_caches");

  /** How long what the drop sets off may go on: servers are told to forget. */
  private static final long SETTLE_MILLIS = 50;

  /** Where it counts how often it was told to. */
  private static final Path COUNTERS = Path.of("/proc/vmstat");

  private static final String DROPS = "drop_slab ";

  private final boolean mayDrop;
  private final long dropsBefore;
  private long ownDrops;

  /**
   * @param mayDrop whether the kernel may be told to forget, which other programs feel too
   */
  KernelCaches(boolean mayDrop) throws IOException {
    this.mayDrop = mayDrop;
    this.dropsBefore = drops();
  }

  /** How often others had the kernel forget all names since this object was made. */
  long dropsByOthers() throws IOException {
    return drops() - dropsBefore - ownDrops;
  }

  private static long drops() throws IOException {
    for (String line : Files.readAllLines(COUNTERS)) {
      if (line.startsWith(DROPS)) {
        return Long.parseLong(line.substring(DROPS.length()));
      }
    }
    return 0;
  }

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
    ownDrops++;
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
