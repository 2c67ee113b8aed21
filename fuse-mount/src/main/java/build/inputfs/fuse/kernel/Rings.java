package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * The rings of a session (FUSE over io_uring): a queue for each CPU, which the kernel puts the
 * requests of callers on that CPU in, and some readers for each queue. The kernel serves nobody
 * before each queue has a reader; from then on only what wants no reply comes over the device.
 *
 * <p>How many readers a queue has is fixed from the start: the kernel gives a request that found
 * all of them busy to the first that is done, but not to one that came later.
 *
 * <p>Thread-safe, but for making and starting it.
 */
final class Rings {
  private static final Path ENABLED = Path.of("/sys/module/fuse/parameters/enable_uring");
  private static final Path CPUS = Path.of("/sys/devices/system/cpu/possible");

  /** With more there would be too many threads for what they are good for. */
  private static final int MOST_QUEUES = 32;

  private static final int FEWEST_READERS = 2;
  private static final int MOST_READERS = 4;

  private final int queues;
  private final Deque<RingEntry> entries = new ArrayDeque<>();
  private final AtomicInteger busy = new AtomicInteger();

  private Rings(int queues) {
    this.queues = queues;
  }

  /**
   * Makes what is needed to serve a mount over io_uring.
   *
   * @return null where that is switched off, as it is in most kernels, or not possible
   */
  static @Nullable Rings open(Posix posix, MountOptions options) {
    int cpus = isEnabled() ? possibleCpus() : 0;
    if (cpus < 1 || cpus > MOST_QUEUES) {
      return null;
    }
    int readers = Math.clamp(options.maxReaders() / cpus, FEWEST_READERS, MOST_READERS);
    Rings rings = new Rings(cpus);
    try {
      for (int i = 0; i < cpus * Math.min(readers, options.maxReaders()); i++) {
        rings.entries.add(RingEntry.open(posix));
      }
      return rings;
    } catch (PosixException e) {
      rings.discard();
      return null; // io_uring is not permitted, or memory is short
    }
  }

  private static boolean isEnabled() {
    try {
      return Files.readString(ENABLED).startsWith("Y");
    } catch (IOException e) {
      return false;
    }
  }

  private static int possibleCpus() {
    try {
      return count(Files.readString(CPUS));
    } catch (IOException e) {
      return 0;
    }
  }

  /** How many there are in a list such as {@code 0-3,8}: see cpuset(7). */
  static int count(String list) {
    int count = 0;
    for (String range : list.strip().split(",", -1)) {
      String[] ends = range.split("-", -1);
      count += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
    }
    return count;
  }

  /** Gives back what was made, for a mount that is served without it. */
  void discard() {
    while (!entries.isEmpty()) {
      entries.remove().close();
    }
  }

  /**
   * Starts all readers. Where one does not start the kernel is told to go on without rings; those
   * that have started then wait for the end.
   */
  void start(FuseSession session, Posix posix) {
    for (int i = 0; !entries.isEmpty(); i++) {
      RingEntry entry = entries.remove();
      if (!session.start(new RingReader(session, posix, i % queues, entry, busy))) {
        try (entry) {
          entry.register(session.device(), -1); // there is no such queue, so this fails
        }
      }
    }
  }

  /** Whether no reader serves a request. */
  boolean areIdle() {
    return busy.get() == 0;
  }
}
