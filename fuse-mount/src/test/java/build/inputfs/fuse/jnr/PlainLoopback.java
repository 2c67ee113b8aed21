package build.inputfs.fuse.jnr;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import jnr.ffi.Pointer;
import jnr.ffi.types.off_t;
import jnr.ffi.types.size_t;
import ru.serce.jnrfuse.ErrorCodes;
import ru.serce.jnrfuse.FuseFillDir;
import ru.serce.jnrfuse.FuseStubFS;
import ru.serce.jnrfuse.struct.FileStat;
import ru.serce.jnrfuse.struct.FuseFileInfo;

/**
 * A directory shown read-only by jnr-fuse as its users write it: callbacks with paths as text, that
 * ask the disk each time, and read by way of an array. What the transport is measured against.
 */
final class PlainLoopback extends FuseStubFS {
  private final Path source;
  private final Map<Long, FileChannel> open = new ConcurrentHashMap<>();
  private final AtomicLong lastHandle = new AtomicLong();

  PlainLoopback(Path source) {
    this.source = source;
  }

  private Path at(String path) {
    return source.resolve(path.substring(1));
  }

  @Override
  public int getattr(String path, FileStat stat) {
    try {
      Map<String, Object> found =
          Files.readAttributes(at(path), "unix:*", LinkOption.NOFOLLOW_LINKS);
      stat.st_ino.set((Long) requireNonNull(found.get("ino")));
      stat.st_mode.set((Integer) requireNonNull(found.get("mode")));
      stat.st_nlink.set((Integer) requireNonNull(found.get("nlink")));
      stat.st_uid.set((Integer) requireNonNull(found.get("uid")));
      stat.st_gid.set((Integer) requireNonNull(found.get("gid")));
      stat.st_size.set((Long) requireNonNull(found.get("size")));
      FileTime modified = requireNonNull((FileTime) found.get("lastModifiedTime"));
      long seconds = modified.to(TimeUnit.SECONDS);
      stat.st_mtim.tv_sec.set(seconds);
      stat.st_atim.tv_sec.set(seconds);
      stat.st_ctim.tv_sec.set(seconds);
      return 0;
    } catch (NoSuchFileException e) {
      return -ErrorCodes.ENOENT();
    } catch (IOException e) {
      return -ErrorCodes.EIO();
    }
  }

  @Override
  public int readdir(
      String path, Pointer buffer, FuseFillDir filler, @off_t long offset, FuseFileInfo info) {
    filler.apply(buffer, ".", null, 0);
    filler.apply(buffer, "..", null, 0);
    try (Stream<Path> names = Files.list(at(path))) {
      names.forEach(name -> filler.apply(buffer, String.valueOf(name.getFileName()), null, 0));
      return 0;
    } catch (IOException e) {
      return -ErrorCodes.EIO();
    }
  }

  @Override
  public int open(String path, FuseFileInfo info) {
    try {
      long handle = lastHandle.incrementAndGet();
      open.put(handle, FileChannel.open(at(path)));
      info.fh.set(handle);
      return 0;
    } catch (IOException e) {
      return -ErrorCodes.EIO();
    }
  }

  @Override
  public int read(
      String path, Pointer buffer, @size_t long size, @off_t long offset, FuseFileInfo info) {
    FileChannel channel = open.get(info.fh.longValue());
    byte[] bytes = new byte[(int) size];
    try {
      int count = channel == null ? 0 : channel.read(ByteBuffer.wrap(bytes), offset);
      if (count > 0) {
        buffer.put(0, bytes, 0, count);
      }
      return Math.max(count, 0);
    } catch (IOException e) {
      return -ErrorCodes.EIO();
    }
  }

  @Override
  public int release(String path, FuseFileInfo info) {
    try (FileChannel channel = open.remove(info.fh.longValue())) {
      return channel == null ? -ErrorCodes.EBADF() : 0;
    } catch (IOException e) {
      return -ErrorCodes.EIO();
    }
  }
}
