package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.concurrent.ForkJoinPool;

/**
 * Removes trees, whatever an action has left in them: by several threads, by descriptors, and
 * without ever following a symlink or changing anything of a file. Of directories alone the mode is
 * changed, where it keeps their owner out.
 *
 * <p>What cannot be removed (a mount, a file that is immutable) stays, with the directories above
 * it, and is told. A tree of any depth is removed: what lies too deep is moved up first. Two trees
 * may be removed at the same time, by any threads. Owns its threads until {@link #close}.
 */
public final class TreeRemover implements AutoCloseable {
  private final Posix posix;
  private final ForkJoinPool pool;

  /**
   * @param threads how many threads remove trees
   */
  public TreeRemover(Posix posix, int threads) {
    this.posix = posix;
    this.pool = new ForkJoinPool(threads);
  }

  /**
   * Removes what is at {@code path}: a tree, or a single file. Does nothing when there is nothing.
   *
   * @throws IOException when something stayed
   */
  public void remove(Path path) throws IOException {
    int result = posix.unlinkat(Posix.AT_FDCWD, path.toString(), 0);
    if (result == -Errnos.EISDIR || result == -Errnos.EPERM) {
      empty(path);
      result = posix.unlinkat(Posix.AT_FDCWD, path.toString(), Posix.AT_REMOVEDIR);
    }
    if (result != -Errnos.ENOENT) {
      Posix.check(result, "remove " + path);
    }
  }

  /**
   * Removes all that is in the directory {@code path}, which stays.
   *
   * @throws IOException when something stayed
   */
  public void empty(Path path) throws IOException {
    try (Arena names = Arena.ofShared()) {
      TreeRemoval removal = new TreeRemoval(posix, new TreeWalk(pool), names);
      removal.run(Posix.AT_FDCWD, names.allocateFrom(path.toString()));
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
