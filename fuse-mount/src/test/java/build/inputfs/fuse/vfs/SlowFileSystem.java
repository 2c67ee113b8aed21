package build.inputfs.fuse.vfs;

import build.inputfs.cas.posix.Posix;
import java.nio.file.Path;
import java.util.concurrent.Semaphore;

/** Looking up a name that starts with "slow" waits for a permit. */
public final class SlowFileSystem extends MemoryFileSystem {
  public final Semaphore permits = new Semaphore(0);
  public final Semaphore waiting = new Semaphore(0);

  public SlowFileSystem(Posix posix, Path disk) {
    super(posix, disk);
  }

  @Override
  protected void beforeLookup(String name) {
    if (name.startsWith("slow")) {
      waiting.release();
      permits.acquireUninterruptibly();
    }
  }
}
