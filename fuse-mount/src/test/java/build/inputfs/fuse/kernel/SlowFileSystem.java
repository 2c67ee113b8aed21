package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/** Looking up a name that starts with "slow" waits for a permit. */
final class SlowFileSystem extends MemoryFileSystem {
  final Semaphore permits = new Semaphore(0);
  final Semaphore waiting = new Semaphore(0);

  SlowFileSystem(Posix posix, Path disk) {
    super(posix, disk);
  }

  @Override
  void beforeLookup(String name) {
    if (name.startsWith("slow")) {
      waiting.release();
      permits.acquireUninterruptibly();
    }
  }
}
