package build.inputfs.cas.remote;

import build.inputfs.cas.remote.RemoteException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A small file that others may replace at any time: what is in it is read again when its time, size
 * or inode has changed. Thread-safe; it is looked at on each use.
 */
final class WatchedFile<T> {
  private static final int LARGEST = 1 << 16;

  private final Path path;
  private final Function<String, T> reader;
  private volatile @Nullable Content<T> last;

  private record Content<T>(FileTime time, long size, @Nullable Object inode, T value) {
    boolean isOf(BasicFileAttributes attributes) {
      return time.equals(attributes.lastModifiedTime())
          && size == attributes.size()
          && inode != null
          && inode.equals(attributes.fileKey());
    }
  }

  /**
   * @param reader makes the value of the text; throws IllegalArgumentException when it cannot
   */
  WatchedFile(Path path, Function<String, T> reader) {
    this.path = path;
    this.reader = reader;
  }

  /** Has the file be read again, even if it seems to be as it was. */
  void forget() {
    last = null;
  }

  /** What is in the file now. */
  T get(RemoteTarget target) throws RemoteException {
    try {
      BasicFileAttributes now = Files.readAttributes(path, BasicFileAttributes.class);
      Content<T> known = last;
      if (known != null && known.isOf(now)) {
        return known.value;
      }
      if (now.size() > LARGEST) {
        throw new IllegalArgumentException("it has " + now.size() + " bytes");
      }
      T value = reader.apply(Files.readString(path));
      last = new Content<>(now.lastModifiedTime(), now.size(), now.fileKey(), value);
      return value;
    } catch (IOException | IllegalArgumentException e) {
      throw new RemoteException(
          Kind.REFUSED, false, target, "cannot use " + path, String.valueOf(e.getMessage()), e);
    }
  }
}
