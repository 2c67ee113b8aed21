package build.inputfs.cache.link;

import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is in a real tree now, by lstat(2). It does not know which files are inputs still: their
 * content tells. Stateless.
 */
final class RealTree implements ViewTree {
  private static final int TYPE = 0170000;
  private static final int DIRECTORY = 0040000;
  private static final int REGULAR = 0100000;
  private static final int SYMLINK = 0120000;
  private static final int FIFO = 0010000;
  private static final int SOCKET = 0140000;
  private static final int PERMISSIONS = 07777;
  private static final int MAX_TARGET = 4096;

  private final Posix posix;
  private final Path root;

  RealTree(Posix posix, Path root) {
    this.posix = posix;
    this.root = root;
  }

  @Override
  public @Nullable Node find(String path) throws IOException {
    Path at = root;
    Node node = node(at);
    for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
      if (!(node instanceof Directory)) {
        return null;
      }
      at = at.resolve(part);
      node = node(at);
    }
    return node;
  }

  private @Nullable Node node(Path path) throws IOException {
    FileStat stat = new FileStat();
    int result = posix.lstat(path, stat);
    if (result == -Errnos.ENOENT || result == -Errnos.ENOTDIR) {
      return null;
    }
    Posix.check(result, "stat " + path);
    return switch (stat.mode() & TYPE) {
      case DIRECTORY -> new RealDirectory(path);
      case REGULAR ->
          new RegularFile(
              null,
              path,
              stat.size(),
              stat.mode() & PERMISSIONS,
              stat.mtimeSeconds(),
              stat.mtimeNanos());
      case SYMLINK -> new SymbolicLink(target(path));
      case FIFO -> new Special("FIFO");
      case SOCKET -> new Special("socket");
      default -> new Special("device");
    };
  }

  private String target(Path path) throws IOException {
    byte[] buffer = new byte[MAX_TARGET];
    int length =
        Posix.check(posix.readlinkat(Posix.AT_FDCWD, path.toString(), buffer), "readlink " + path);
    return text(Arrays.copyOf(buffer, length), path);
  }

  private static String text(byte[] bytes, Path where) throws IOException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IOException("a name or symlink target in " + where + " is not UTF-8", e);
    }
  }

  private final class RealDirectory implements Directory {
    private final Path path;

    RealDirectory(Path path) {
      this.path = path;
    }

    @Override
    public build.inputfs.cas.digest.@Nullable Digest digest() {
      return null;
    }

    @Override
    public List<Child> children() throws IOException {
      List<Child> children = new ArrayList<>();
      for (byte[] bytes : names()) {
        String name = text(bytes, path);
        Node node = node(path.resolve(name));
        if (node != null) {
          children.add(new Child(name, node));
        }
      }
      return children;
    }

    private List<byte[]> names() throws IOException {
      int flags = Posix.O_RDONLY | Posix.O_DIRECTORY | Posix.O_NOFOLLOW;
      int fd = Posix.check(posix.open(path, flags, 0), "open " + path);
      List<byte[]> names = new ArrayList<>();
      try (Dirents entries = new Dirents(posix)) {
        while (entries.next(fd)) {
          names.add(entries.name());
        }
      } finally {
        posix.close(fd);
      }
      names.sort(Arrays::compareUnsigned);
      return names;
    }
  }
}
