package build.inputfs.cache.link;

import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
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
 * What is in a real tree now, by lstat(2). A file that is its blob's own inode, where the input
 * tree has that blob, and was not written to since the tree was made, is known as an input; of any
 * other the content has to tell. Immutable.
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

  /** How far the clock that files get their times from may be behind. */
  private static final long CLOCK_MILLIS = 20;

  private final Posix posix;
  private final BlobSource blobs;
  private final TreeReader reader;
  private final Digest input;
  private final Path root;
  private final long madeSeconds;

  /**
   * A tree that was just made, and that nobody has written in yet.
   *
   * @param blobs where the contents of inputs are
   * @param reader decodes directories
   * @param input the root of the input tree
   * @param root where the real tree is
   */
  RealTree(Posix posix, BlobSource blobs, TreeReader reader, Digest input, Path root) {
    this.posix = posix;
    this.blobs = blobs;
    this.reader = reader;
    this.input = input;
    this.root = root;
    this.madeSeconds = (System.currentTimeMillis() - CLOCK_MILLIS) / 1000;
  }

  @Override
  public @Nullable Node find(String path) throws IOException {
    Node node = node(root, new Origin(Kind.DIRECTORY, input, false));
    for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
      if (!(node instanceof RealDirectory directory)) {
        return null;
      }
      node = directory.child(part);
    }
    return node;
  }

  /** What the input tree has at a path: a file, or a directory. */
  private record Origin(Kind kind, Digest digest, boolean executable) {}

  private @Nullable Origin below(@Nullable Origin directory, String name) throws IOException {
    if (directory == null || directory.kind != Kind.DIRECTORY) {
      return null;
    }
    try {
      InputDirectory entries = reader.directory(directory.digest);
      int i = entries.find(name.getBytes(StandardCharsets.UTF_8));
      return i < 0 || entries.kind(i) == Kind.SYMLINK
          ? null
          : new Origin(entries.kind(i), entries.digest(i), entries.executable(i));
    } catch (MissingBlobException e) {
      return null; // it was there when the tree was made, and nobody needs it for this
    }
  }

  /** The digest of a file that is its blob's own inode, else null. */
  private @Nullable Digest linked(FileStat file, @Nullable Origin origin) throws IOException {
    if (file.nlink() < 2
        || origin == null
        || origin.kind != Kind.FILE
        || origin.digest.size() != file.size()
        || file.mtimeSeconds() >= madeSeconds) {
      return null;
    }
    try {
      FileStat blob = new FileStat();
      boolean same =
          posix.lstat(blobs.locate(origin.digest, origin.executable), blob) == 0
              && blob.ino() == file.ino()
              && blob.device() == file.device();
      return same ? origin.digest : null;
    } catch (MissingBlobException e) {
      return null;
    }
  }

  private @Nullable Node node(Path path, @Nullable Origin origin) throws IOException {
    FileStat stat = new FileStat();
    int result = posix.lstat(path, stat);
    if (result == -Errnos.ENOENT || result == -Errnos.ENOTDIR) {
      return null;
    }
    Posix.check(result, "stat " + path);
    return switch (stat.mode() & TYPE) {
      case DIRECTORY -> new RealDirectory(path, origin);
      case REGULAR -> {
        Digest digest = linked(stat, origin);
        yield new RegularFile(
            digest,
            digest == null ? path : null,
            stat.size(),
            stat.mode() & PERMISSIONS,
            stat.mtimeSeconds(),
            stat.mtimeNanos());
      }
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
    private final @Nullable Origin origin;

    RealDirectory(Path path, @Nullable Origin origin) {
      this.path = path;
      this.origin = origin;
    }

    @Override
    public @Nullable Digest digest() {
      return null;
    }

    @Nullable Node child(String name) throws IOException {
      return node(path.resolve(name), below(origin, name));
    }

    @Override
    public List<Child> children() throws IOException {
      List<Child> children = new ArrayList<>();
      for (byte[] bytes : names()) {
        String name = text(bytes, path);
        Node node = child(name);
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
