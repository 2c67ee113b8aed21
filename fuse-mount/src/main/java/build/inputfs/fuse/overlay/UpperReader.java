package build.inputfs.fuse.overlay;

import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.InputAttributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What is in an overlay view, read from its upper directory and, for what that does not have, from
 * the input tree's messages: it costs what was written, however large the tree is. Thread-safe.
 */
final class UpperReader implements ViewTree {
  private static final int PERMISSIONS = 07777;

  private final Posix posix;
  private final TreeReader reader;
  private final InputAttributes inputs;
  private final OverlayMarks marks;
  private final Digest root;
  private final Path upper;

  UpperReader(
      Posix posix,
      TreeReader reader,
      InputAttributes inputs,
      OverlayMarks marks,
      Digest root,
      Path upper) {
    this.posix = posix;
    this.reader = reader;
    this.inputs = inputs;
    this.marks = marks;
    this.root = root;
    this.upper = upper;
  }

  @Override
  public @Nullable Node find(String path) throws IOException {
    Node node = new Place(upper, root);
    for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
      Node child = node instanceof Place place ? place.child(part) : null;
      if (child == null) {
        return null;
      }
      node = child;
    }
    return node;
  }

  /** A directory: what it is in the upper layer and what it is below; never neither. */
  private final class Place implements Directory {
    private final @Nullable Path above;
    private final @Nullable Digest below;

    Place(@Nullable Path above, @Nullable Digest below) {
      this.above = above;
      this.below = below;
    }

    @Override
    public @Nullable Digest digest() {
      return above == null ? below : null;
    }

    @Override
    public List<Child> children() throws IOException {
      TreeMap<byte[], Child> children = new TreeMap<>(Arrays::compareUnsigned);
      if (below != null) {
        InputDirectory input = reader.directory(below);
        for (int i = 0; i < input.size(); i++) {
          String name = new String(input.name(i), StandardCharsets.UTF_8);
          children.put(input.name(i), new Child(name, input(input, i)));
        }
      }
      if (above != null) {
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(above)) {
          for (Path entry : entries) {
            String name = String.valueOf(entry.getFileName());
            Node node = child(name);
            byte[] key = name.getBytes(StandardCharsets.UTF_8);
            if (node == null) {
              children.remove(key);
            } else {
              children.put(key, new Child(name, node));
            }
          }
        }
      }
      return new ArrayList<>(children.values());
    }

    /** What {@code name} is here, or null. */
    @Nullable Node child(String name) throws IOException {
      if (above != null) {
        Path path = above.resolve(name);
        FileStat stat = new FileStat();
        int result = posix.lstat(path, stat);
        if (result == 0) {
          return OverlayMarks.isWhiteout(stat) ? null : written(path, name, stat);
        }
        if (result != -Errnos.ENOENT) {
          Posix.check(result, "lstat " + path);
        }
      }
      if (below == null) {
        return null;
      }
      InputDirectory input = reader.directory(below);
      int index = input.find(name.getBytes(StandardCharsets.UTF_8));
      return index < 0 ? null : input(input, index);
    }

    private Node written(Path path, String name, FileStat stat) throws IOException {
      return switch (stat.mode() & FileType.MASK) {
        case FileType.DIRECTORY -> new Place(path, lower(path, name));
        case FileType.SYMLINK -> new SymbolicLink(String.valueOf(Files.readSymbolicLink(path)));
        case FileType.REGULAR ->
            new RegularFile(
                null,
                path,
                stat.size(),
                stat.mode() & PERMISSIONS,
                stat.mtimeSeconds(),
                stat.mtimeNanos());
        case FileType.FIFO -> new Special("FIFO");
        case FileType.SOCKET -> new Special("socket");
        default -> new Special("device");
      };
    }

    /** The input directory that shows through the upper directory {@code path}, or null. */
    private @Nullable Digest lower(Path path, String name) throws IOException {
      if (marks.isOpaque(path)) {
        return null;
      }
      String redirect = marks.redirect(path);
      if (redirect != null && redirect.startsWith("/")) {
        return directory(root, redirect.substring(1));
      }
      return below == null ? null : directory(below, redirect == null ? name : redirect);
    }
  }

  /** The directory at {@code path} below {@code from} in the input tree, or null. */
  private @Nullable Digest directory(Digest from, String path) throws IOException {
    Digest digest = from;
    for (String part : path.split("/", -1)) {
      InputDirectory input = reader.directory(digest);
      int index = input.find(part.getBytes(StandardCharsets.UTF_8));
      if (index < 0 || input.kind(index) != Kind.DIRECTORY) {
        return null;
      }
      digest = input.digest(index);
    }
    return digest;
  }

  private Node input(InputDirectory input, int index) {
    return switch (input.kind(index)) {
      case DIRECTORY -> new Place(null, input.digest(index));
      case SYMLINK -> new SymbolicLink(new String(input.target(index), StandardCharsets.UTF_8));
      case FILE -> {
        Attributes attributes = new Attributes();
        inputs.fillLeaf(input, index, 0, attributes);
        yield new RegularFile(
            input.digest(index),
            null,
            attributes.size,
            attributes.mode & PERMISSIONS,
            attributes.mtimeSeconds,
            attributes.mtimeNanos);
      }
    };
  }
}
