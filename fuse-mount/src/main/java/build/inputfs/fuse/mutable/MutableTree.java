package build.inputfs.fuse.mutable;

import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is in a mutable view, read from its nodes and not through its mount. Thread-safe. */
final class MutableTree implements ViewTree {
  private final Tree tree;
  private final Contents contents;
  private final Scratch scratch;

  MutableTree(Tree tree, Contents contents, Scratch scratch) {
    this.tree = tree;
    this.contents = contents;
    this.scratch = scratch;
  }

  @Override
  public ViewTree.@Nullable Node find(String path) throws IOException {
    Inode node = tree.root;
    for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
      if (!(node instanceof DirectoryNode directory)) {
        return null;
      }
      Inode child = child(directory, part);
      if (child == null) {
        return null;
      }
      node = child;
    }
    return view(node, path);
  }

  private @Nullable Inode child(DirectoryNode directory, String name) throws IOException {
    tree.lock.lock();
    try {
      tree.load(directory);
      return tree.find(directory, name.getBytes(StandardCharsets.UTF_8));
    } catch (Refusal refusal) {
      throw failure(directory.path());
    } finally {
      tree.lock.unlock();
    }
  }

  private ViewTree.Node view(Inode node, String path) throws IOException {
    return switch (node) {
      case DirectoryNode directory -> new DirectoryView(directory, path);
      case SymlinkNode link -> new SymbolicLink(text(link.target, path));
      case SpecialNode special ->
          new Special(
              switch (special.type()) {
                case FileType.FIFO -> "FIFO";
                case FileType.SOCKET -> "socket";
                default -> "device";
              });
      case FileNode file -> view(file, path);
    };
  }

  private RegularFile view(FileNode file, String path) throws IOException {
    Attributes attributes = new Attributes();
    Content content;
    try {
      contents.refresh(file);
    } catch (Refusal refusal) {
      throw failure(path);
    }
    tree.lock.lock();
    try {
      file.fill(attributes);
      content = file.content;
    } finally {
      tree.lock.unlock();
    }
    return new RegularFile(
        content instanceof Content.Input input ? input.digest() : null,
        content instanceof Content.Private own ? scratch.path(own.number()) : null,
        attributes.size,
        attributes.mode & Inode.PERMISSIONS,
        attributes.mtimeSeconds,
        attributes.mtimeNanos);
  }

  private final class DirectoryView implements Directory {
    private final DirectoryNode directory;
    private final String path;

    DirectoryView(DirectoryNode directory, String path) {
      this.directory = directory;
      this.path = path;
    }

    @Override
    public @Nullable Digest digest() {
      tree.lock.lock();
      try {
        return untouchedDigest(directory);
      } finally {
        tree.lock.unlock();
      }
    }

    @Override
    public List<Child> children() throws IOException {
      List<byte[]> names;
      tree.lock.lock();
      try {
        tree.load(directory);
        names = directory.names();
      } catch (Refusal refusal) {
        throw failure(path);
      } finally {
        tree.lock.unlock();
      }
      names.sort(Arrays::compareUnsigned);
      List<Child> children = new ArrayList<>(names.size());
      for (byte[] bytes : names) {
        String name = text(bytes, path);
        Inode node = MutableTree.this.child(directory, name);
        if (node != null) {
          children.add(new Child(name, view(node, path.isEmpty() ? name : path + "/" + name)));
        }
      }
      return children;
    }
  }

  /** The digest of an input directory with nothing changed in or below it, or null. */
  private static @Nullable Digest untouchedDigest(DirectoryNode directory) {
    if (directory.isChanged()) {
      return null;
    }
    for (int index = 0; index < directory.inputCount(); index++) {
      boolean same =
          switch (directory.touched(index)) {
            case null -> true;
            case FileNode file -> file.origin != null;
            case DirectoryNode child -> untouchedDigest(child) != null;
            case SymlinkNode link -> true;
            case SpecialNode special -> false;
          };
      if (!same) {
        return null;
      }
    }
    return directory.digest;
  }

  private static String text(byte[] bytes, String path) throws IOException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IOException(
          "a name or symlink target in " + (path.isEmpty() ? "." : path) + " is not UTF-8", e);
    }
  }

  private static IOException failure(String path) {
    return new IOException("cannot read " + (path.isEmpty() ? "." : path) + " in the view");
  }
}
