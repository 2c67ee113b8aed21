package build.inputfs.cache.link;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.Path;

/** Makes the directories above declared outputs, as far as a tree lacks them. Stateless. */
final class OutputParents {
  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;

  private final Posix posix;
  private final Inodes inodes;

  OutputParents(Posix posix, TreeOptions options) {
    this.posix = posix;
    this.inodes = new Inodes(posix, options);
  }

  /**
   * Makes what is missing above {@code output}.
   *
   * @throws IOException when something there is not a directory
   */
  void make(Path tree, String output) throws IOException {
    int fd = Posix.check(posix.open(tree, OPEN, 0), "open " + tree);
    try {
      int start = 0;
      for (int slash = output.indexOf('/'); slash >= 0; slash = output.indexOf('/', start)) {
        int child = child(fd, output.substring(start, slash), output);
        posix.close(fd);
        fd = child;
        start = slash + 1;
      }
    } finally {
      posix.close(fd);
    }
  }

  private int child(int parent, String name, String output) throws IOException {
    int made = posix.mkdirat(parent, name, Inodes.DIRECTORY_MODE);
    if (made < 0 && made != -Errnos.EEXIST) {
      throw failure(output, made);
    }
    int fd = posix.openat(parent, name, OPEN, 0);
    if (fd < 0) {
      throw failure(output, fd);
    }
    if (made == 0) {
      long[] now = {0, Posix.UTIME_NOW, 0, Posix.UTIME_NOW};
      inodes.finish(fd, Inodes.DIRECTORY_MODE, Inodes.DIRECTORY_MODE, now, name);
    }
    return fd;
  }

  private static IOException failure(String output, int result) {
    return new PosixException("cannot make the directories above the output " + output, -result);
  }
}
