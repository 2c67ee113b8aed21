package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;

/**
 * Tells whether a cached tree is still as it was made, at the price of one stat(2) for each of its
 * directories: whoever adds, removes or replaces a name changes the time of its directory, which no
 * call can set back. What is written into a file in place, {@link TreeCheck} finds. Stateless.
 */
final class Seals {
  private final Posix posix;
  private final TreeReader trees;

  Seals(Posix posix, TreeReader trees) {
    this.posix = posix;
    this.trees = trees;
  }

  /**
   * A number that stands for the inodes and times of the tree's directories.
   *
   * @param joints paths whose directories belong to the tree, and what is below them does not
   * @throws IOException when a directory is missing, here or in the store
   */
  long of(Digest digest, Path path, Set<String> joints) throws IOException {
    int flags = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;
    int fd = Posix.check(posix.open(path, flags, 0), "open " + path);
    try {
      return add(1, fd, digest, "", joints, new FileStat());
    } finally {
      posix.close(fd);
    }
  }

  private long add(long sum, int fd, Digest digest, String path, Set<String> joints, FileStat stat)
      throws IOException {
    int result =
        path.isEmpty()
            ? posix.fstat(fd, stat)
            : posix.statx(fd, path, Posix.AT_SYMLINK_NOFOLLOW, stat);
    Posix.check(result, "stat " + path);
    long next = mix(sum, stat.ino());
    next = mix(next, stat.ctimeSeconds());
    next = mix(next, stat.ctimeNanos());
    next = mix(next, stat.mode());
    if (joints.contains(path)) {
      return next;
    }
    InputDirectory directory = trees.directory(digest);
    for (int i = 0; directory.directoryCount() > 0 && i < directory.size(); i++) {
      if (directory.kind(i) == Kind.DIRECTORY) {
        String name = new String(directory.name(i), StandardCharsets.UTF_8);
        String below = path.isEmpty() ? name : path + "/" + name;
        next = add(next, fd, directory.digest(i), below, joints, stat);
      }
    }
    return next;
  }

  /**
   * One step of a hash in the manner of FNV-1a, by whole words, with the high bits brought down.
   */
  private static long mix(long sum, long value) {
    long product = (sum ^ value) * 0x100000001b3L;
    return product ^ (product >>> 29);
  }
}
