package build.inputfs.cas.tree;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.proto.NodeProperties;
import build.inputfs.cas.proto.SymlinkNode;
import com.google.protobuf.Timestamp;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes a {@code Directory} message in its canonical form from entries in any order. For one use by
 * one thread.
 *
 * <p>Each method that adds an entry throws IllegalArgumentException when the name, the target or a
 * property breaks a rule or the name is there already.
 */
public final class DirectoryBuilder {
  private final TreeMap<byte[], FileNode> files = new TreeMap<>(Arrays::compareUnsigned);
  private final TreeMap<byte[], DirectoryNode> directories = new TreeMap<>(Arrays::compareUnsigned);
  private final TreeMap<byte[], SymlinkNode> symlinks = new TreeMap<>(Arrays::compareUnsigned);
  private @Nullable NodeProperties own;

  /** Adds a regular file. */
  public void addFile(
      String name, Digest digest, boolean executable, @Nullable NodeProperties properties) {
    FileNode.Builder node =
        FileNode.newBuilder()
            .setName(name)
            .setDigest(Digests.toProto(digest))
            .setIsExecutable(executable);
    if (properties != null) {
      node.setNodeProperties(check(properties));
    }
    files.put(free(name), node.build());
  }

  /** Adds a directory, whose properties are in its own message. */
  public void addDirectory(String name, Digest digest) {
    DirectoryNode.Builder node =
        DirectoryNode.newBuilder().setName(name).setDigest(Digests.toProto(digest));
    directories.put(free(name), node.build());
  }

  /** Adds a symlink. */
  public void addSymlink(String name, String target, @Nullable NodeProperties properties) {
    byte[] bytes = target.getBytes(StandardCharsets.UTF_8);
    refuse(EntryRules.problemWithTarget(bytes, 0, bytes.length), name);
    SymlinkNode.Builder node = SymlinkNode.newBuilder().setName(name).setTarget(target);
    if (properties != null) {
      node.setNodeProperties(check(properties));
    }
    symlinks.put(free(name), node.build());
  }

  /** Sets the properties of the directory itself. */
  public void setProperties(NodeProperties properties) {
    own = check(properties);
  }

  /** The message, each list sorted by the bytes of the name. */
  public Directory build() {
    Directory.Builder directory =
        Directory.newBuilder()
            .addAllFiles(files.values())
            .addAllDirectories(directories.values())
            .addAllSymlinks(symlinks.values());
    if (own != null) {
      directory.setNodeProperties(own);
    }
    return directory.build();
  }

  /** The name's bytes, when it is a good name and not yet taken. */
  private byte[] free(String name) {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    refuse(EntryRules.problemWithName(bytes, 0, bytes.length), name);
    if (files.containsKey(bytes) || directories.containsKey(bytes) || symlinks.containsKey(bytes)) {
      throw new IllegalArgumentException("two entries are named '" + name + "'");
    }
    return bytes;
  }

  private static NodeProperties check(NodeProperties properties) {
    if (properties.hasUnixMode()) {
      refuse(EntryRules.problemWithMode(properties.getUnixMode().getValue()), "node_properties");
    }
    if (properties.hasMtime()) {
      Timestamp mtime = properties.getMtime();
      refuse(EntryRules.problemWithMtime(mtime.getSeconds(), mtime.getNanos()), "node_properties");
    }
    return properties;
  }

  private static void refuse(@Nullable String problem, String name) {
    if (problem != null) {
      throw new IllegalArgumentException(name + ": " + problem);
    }
  }
}
