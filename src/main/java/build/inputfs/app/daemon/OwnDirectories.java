package build.inputfs.app.daemon;

import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The daemon's own directories for views, in one folder. Those that are given back wait for views
 * to come, under another name: to rename a directory twice takes half of the time of making and
 * removing one. Thread-safe.
 */
final class OwnDirectories {
  private static final int MOST_WAITING = 16;

  private final Posix posix;
  private final Path folder;
  private final boolean reuse;
  private final Queue<Directory> waiting = new ConcurrentLinkedQueue<>();
  private final AtomicLong lastName = new AtomicLong();

  /**
   * A directory of the daemon's own, empty.
   *
   * @param seconds when it was made; an entry made in it, or removed from it, changes that
   * @param nanos of that second
   */
  record Directory(Path path, long seconds, long nanos) {}

  /**
   * @param folder the real path of an existing folder
   * @param reuse whether views are mounted on directories, rather than made in them
   */
  OwnDirectories(Posix posix, Path folder, boolean reuse) {
    this.posix = posix;
    this.folder = folder;
    this.reuse = reuse;
  }

  Path folder() {
    return folder;
  }

  /**
   * An empty directory of this name, the caller's until it is {@linkplain #giveBack given back}.
   */
  Directory take(String name) throws IOException {
    Path path = folder.resolve(name);
    Directory used = waiting.poll();
    if (used != null && rename(used.path(), path)) {
      return new Directory(path, used.seconds(), used.nanos());
    }
    return look(Files.createDirectory(path));
  }

  /**
   * Takes a directory back, in which nothing is mounted.
   *
   * @throws IOException when somebody has put something in it, which stays there
   */
  void giveBack(Directory directory) throws IOException {
    if (reuse && waiting.size() < MOST_WAITING && directory.equals(look(directory.path()))) {
      Path path = folder.resolve("waiting-" + lastName.incrementAndGet());
      if (rename(directory.path(), path)) {
        waiting.add(new Directory(path, directory.seconds(), directory.nanos()));
        return;
      }
    }
    Files.delete(directory.path());
  }

  private Directory look(Path path) throws IOException {
    FileStat stat = new FileStat();
    Posix.check(posix.lstat(path, stat), "lstat " + path);
    return new Directory(path, stat.mtimeSeconds(), stat.mtimeNanos());
  }

  private boolean rename(Path from, Path to) {
    int here = Posix.AT_FDCWD;
    return posix.renameat2(here, from.toString(), here, to.toString(), Posix.RENAME_NOREPLACE) == 0;
  }
}
