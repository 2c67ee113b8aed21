package build.inputfs.fuse.scratch;

import build.inputfs.cache.view.Folders;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A plain folder, whose files are counted one by one. It refuses nothing, and does not see what has
 * lost its name and is open still.
 */
final class Walk implements Limiter {
  private static final int SECTOR = 512;

  private final Posix posix;
  private final Path directory;
  private final boolean limited;

  /**
   * @param limited whether there is a quota at all
   */
  Walk(Posix posix, Path directory, boolean limited) {
    this.posix = posix;
    this.directory = directory;
    this.limited = limited;
  }

  @Override
  public String name() {
    return limited ? "scratch watched" : "";
  }

  @Override
  public boolean refuses() {
    return false;
  }

  @Override
  public Usage usage() throws IOException {
    Counter counter = new Counter();
    Files.walkFileTree(directory, counter);
    return new Usage(counter.bytes, counter.files);
  }

  /** Counts while others write: what is not there any more does not count. */
  private final class Counter extends SimpleFileVisitor<Path> {
    private final FileStat stat = new FileStat();
    private final Set<Long> linked = new HashSet<>();
    private long bytes;
    private long files;

    @Override
    public FileVisitResult preVisitDirectory(Path visited, BasicFileAttributes attributes) {
      files++;
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
      boolean known = posix.lstat(file, stat) < 0 || (stat.nlink() > 1 && !linked.add(stat.ino()));
      if (!known) {
        files++;
        bytes += stat.blocks() * SECTOR;
      }
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult visitFileFailed(Path file, IOException failure) {
      return FileVisitResult.CONTINUE;
    }

    @Override
    public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure) {
      return FileVisitResult.CONTINUE;
    }
  }

  @Override
  public void allow(Quota quota, Usage there) {}

  @Override
  public void remove() throws IOException {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      Folders.delete(directory);
    }
  }
}
