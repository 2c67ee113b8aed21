package build.inputfs.cas.store;

import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Path;

/**
 * What lstat(2) said of a file at one moment. Two stamps of one path are equal when nothing has
 * been changed in between, as far as the disk tells: the same inode, with the same size, mode and
 * times of change.
 *
 * @param device number of the disk
 * @param mode type and permission bits, as in inode(7)
 * @param links number of hard links
 * @param size in bytes
 * @param mtimeSeconds since 1970, of the last change of the content
 * @param ctimeSeconds since 1970, of the last change of anything
 */
public record FileStamp(
    long device,
    long inode,
    int mode,
    int links,
    long size,
    long mtimeSeconds,
    int mtimeNanos,
    long ctimeSeconds,
    int ctimeNanos) {
  static final int REGULAR = 0100000;
  private static final int TYPE_MASK = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int SYMLINK = 0120000;
  private static final int SOCKET = 0140000;
  private static final int BLOCK_DEVICE = 0060000;
  private static final int CHARACTER_DEVICE = 0020000;
  private static final int FIFO = 0010000;

  /** The stamp of {@code file} now; of a symlink it is the symlink's own. */
  public static FileStamp of(Posix posix, Path file) throws IOException {
    FileStat stat = new FileStat();
    Posix.check(posix.lstat(file, stat), "stat " + file);
    return of(stat);
  }

  /** What {@code stat} was filled with. */
  public static FileStamp of(FileStat stat) {
    return new FileStamp(
        stat.device(),
        stat.ino(),
        stat.mode(),
        stat.nlink(),
        stat.size(),
        stat.mtimeSeconds(),
        stat.mtimeNanos(),
        stat.ctimeSeconds(),
        stat.ctimeNanos());
  }

  public boolean isRegular() {
    return (mode & TYPE_MASK) == REGULAR;
  }

  public boolean isDirectory() {
    return (mode & TYPE_MASK) == DIRECTORY;
  }

  public boolean isSymlink() {
    return (mode & TYPE_MASK) == SYMLINK;
  }

  /** What kind of file it is, for a message. */
  public String kind() {
    return switch (mode & TYPE_MASK) {
      case REGULAR -> "a regular file";
      case DIRECTORY -> "a directory";
      case SYMLINK -> "a symlink";
      case SOCKET -> "a socket";
      case BLOCK_DEVICE -> "a block device";
      case CHARACTER_DEVICE -> "a character device";
      case FIFO -> "a fifo";
      default -> "a file of an unknown type";
    };
  }
}
