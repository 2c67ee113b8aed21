package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.proto.Tree;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns one output directory into messages: each distinct directory once, children first. What is
 * left of an input directory is taken from its own messages. For one directory, on one thread.
 */
final class TreeCollector {
  private static final int MAX_MESSAGE_BYTES = 128 << 20;

  private final OutputCollector collector;
  private final BlobSource inputs;
  private final Set<String> properties;
  private final Map<Digest, Directory> directories = new LinkedHashMap<>();

  TreeCollector(OutputCollector collector, BlobSource inputs, Set<String> properties) {
    this.collector = collector;
    this.inputs = inputs;
    this.properties = properties;
  }

  /** Stores what is in {@code directory}, and returns the digest of its message. */
  Digest collect(String path, ViewTree.Directory directory) throws IOException {
    return collect(path, directory, 1);
  }

  /** The message of the whole directory: parents come before their children. */
  Tree tree() {
    List<Directory> parentsFirst = List.copyOf(directories.values()).reversed();
    return Tree.newBuilder()
        .setRoot(parentsFirst.getFirst())
        .addAllChildren(parentsFirst.subList(1, parentsFirst.size()))
        .build();
  }

  /** Every distinct message, children first. */
  List<byte[]> messages() {
    return directories.values().stream().map(Directory::toByteArray).toList();
  }

  private Digest collect(String path, ViewTree.Directory directory, int depth) throws IOException {
    if (depth > TreeReader.MAX_DEPTH) {
      throw new IOException(
          "output '%s' is more than %d levels deep".formatted(path, TreeReader.MAX_DEPTH));
    }
    Digest unchanged = directory.digest();
    if (unchanged != null && properties.isEmpty()) {
      collectInput(path, unchanged, depth);
      return unchanged;
    }
    DirectoryBuilder builder = new DirectoryBuilder();
    try {
      for (ViewTree.Child child : directory.children()) {
        add(builder, path + "/" + child.name(), child, depth);
      }
    } catch (IllegalArgumentException e) {
      throw new IOException("output '" + path + "' cannot be described: " + e.getMessage(), e);
    }
    return add(builder.build());
  }

  private void add(DirectoryBuilder builder, String path, ViewTree.Child child, int depth)
      throws IOException {
    switch (child.node()) {
      case ViewTree.RegularFile file -> {
        Digest digest = collector.store(path, file);
        builder.addFile(
            child.name(), digest, file.executable(), OutputCollector.properties(file, properties));
      }
      case ViewTree.Directory directory ->
          builder.addDirectory(child.name(), collect(path, directory, depth + 1));
      case ViewTree.SymbolicLink symlink ->
          builder.addSymlink(child.name(), symlink.target(), null);
      case ViewTree.Special special -> throw OutputCollector.special(path, special);
    }
  }

  /** Takes over an input directory with all that is below it, unless it is here already. */
  private void collectInput(String path, Digest digest, int depth) throws IOException {
    if (directories.containsKey(digest)) {
      return;
    }
    if (depth > TreeReader.MAX_DEPTH) {
      throw new IOException(
          "output '%s' is more than %d levels deep".formatted(path, TreeReader.MAX_DEPTH));
    }
    byte[] encoded = inputs.read(digest, MAX_MESSAGE_BYTES);
    InputDirectory.decode(digest, encoded);
    Directory message = Directory.parseFrom(encoded);
    for (FileNode file : message.getFilesList()) {
      collector.storeInput(Digests.fromProto(file.getDigest()));
    }
    for (DirectoryNode child : message.getDirectoriesList()) {
      collectInput(path + "/" + child.getName(), Digests.fromProto(child.getDigest()), depth + 1);
    }
    directories.put(digest, message);
  }

  private Digest add(Directory message) {
    Digest digest = inputs.function().digest(message.toByteArray());
    directories.putIfAbsent(digest, message);
    return digest;
  }
}
