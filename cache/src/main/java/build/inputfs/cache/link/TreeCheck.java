package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;

/**
 * Compares a real tree with its input tree, name by name: type, size, mode, and what symlinks point
 * to. Contents are not read. Stateless.
 */
final class TreeCheck {
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int OPEN = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;

  private final Posix posix;
  private final TreeReader trees;

  TreeCheck(Posix posix, TreeReader trees) {
    this.posix = posix;
    this.trees = trees;
  }

  /**
   * Whether the tree at {@code path} is that of {@code digest}.
   *
   * @param joints paths whose directories are empty
   */
  boolean isRight(Digest digest, Path path, Set<String> joints) throws IOException {
    int fd = posix.open(path, OPEN, 0);
    if (fd < 0) {
      return false;
    }
    try {
      return isRight(fd, digest, "", joints);
    } finally {
      posix.close(fd);
    }
  }

  private boolean isRight(int fd, Digest digest, String path, Set<String> joints)
      throws IOException {
    InputDirectory directory = trees.directory(digest);
    int found = 0;
    try (Dirents entries = new Dirents(posix)) {
      while (entries.next(fd)) {
        found++;
      }
    }
    if (joints.contains(path)) {
      return found == 0;
    }
    boolean right = found == directory.size();
    for (int i = 0; right && i < directory.size(); i++) {
      String name = new String(directory.name(i), StandardCharsets.UTF_8);
      String below = path.isEmpty() ? name : path + "/" + name;
      right =
          switch (directory.kind(i)) {
            case FILE -> isFile(fd, name, directory, i);
            case SYMLINK -> isSymlink(fd, name, directory.target(i));
            case DIRECTORY -> isDirectory(fd, name, directory.digest(i), below, joints);
          };
    }
    return right;
  }

  private boolean isFile(int fd, String name, InputDirectory directory, int i) {
    FileStat stat = new FileStat();
    int standard = directory.executable(i) ? Inodes.EXECUTABLE_MODE : Inodes.FILE_MODE;
    int mode = directory.unixMode(i) < 0 ? standard : directory.unixMode(i);
    return posix.statx(fd, name, Posix.AT_SYMLINK_NOFOLLOW, stat) == 0
        && stat.mode() == (REGULAR | mode)
        && stat.size() == directory.fileSize(i);
  }

  private boolean isSymlink(int fd, String name, byte[] target) {
    byte[] buffer = new byte[target.length + 1];
    int length = posix.readlinkat(fd, name, buffer);
    return length == target.length && Arrays.equals(target, 0, length, buffer, 0, length);
  }

  private boolean isDirectory(int fd, String name, Digest digest, String path, Set<String> joints)
      throws IOException {
    FileStat stat = new FileStat();
    if (posix.statx(fd, name, Posix.AT_SYMLINK_NOFOLLOW, stat) != 0
        || (stat.mode() & DIRECTORY) != DIRECTORY) {
      return false;
    }
    int child = posix.openat(fd, name, OPEN, 0);
    if (child < 0) {
      return false;
    }
    try {
      return isRight(child, digest, path, joints);
    } finally {
      posix.close(child);
    }
  }
}
