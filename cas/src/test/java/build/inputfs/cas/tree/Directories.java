package build.inputfs.cas.tree;

import static java.nio.charset.StandardCharsets.UTF_8;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.proto.SymlinkNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Directory messages for tests, and a second, slow reading of the rules for them. */
final class Directories {
  static final Digest DIGEST = DigestFunction.SHA256.digest("content".getBytes(UTF_8));

  private Directories() {}

  static FileNode file(String name) {
    return FileNode.newBuilder().setName(name).setDigest(Digests.toProto(DIGEST)).build();
  }

  static DirectoryNode directory(String name) {
    return directory(name, DIGEST);
  }

  static DirectoryNode directory(String name, Digest digest) {
    return DirectoryNode.newBuilder().setName(name).setDigest(Digests.toProto(digest)).build();
  }

  static SymlinkNode symlink(String name, String target) {
    return SymlinkNode.newBuilder().setName(name).setTarget(target).build();
  }

  static InputDirectory decode(Directory message) throws InvalidTreeException {
    return decode(message.toByteArray());
  }

  static InputDirectory decode(byte[] encoded) throws InvalidTreeException {
    return InputDirectory.decode(DigestFunction.SHA256.digest(encoded), encoded);
  }

  /** What a decoded directory says, as the message it may have come from. */
  static Directory asMessage(InputDirectory directory) {
    Directory.Builder message = Directory.newBuilder();
    for (int i = 0; i < directory.size(); i++) {
      String name = new String(directory.name(i), UTF_8);
      switch (directory.kind(i)) {
        case FILE ->
            message.addFiles(
                FileNode.newBuilder()
                    .setName(name)
                    .setDigest(Digests.toProto(directory.digest(i)))
                    .setIsExecutable(directory.executable(i)));
        case DIRECTORY -> message.addDirectories(directory(name, directory.digest(i)));
        case SYMLINK -> message.addSymlinks(symlink(name, new String(directory.target(i), UTF_8)));
      }
    }
    return message.build();
  }

  /** {@code message} with nothing in it but what {@link #asMessage} tells. */
  static Directory withoutProperties(Directory message) {
    Directory.Builder plain = Directory.newBuilder();
    for (FileNode file : message.getFilesList()) {
      plain.addFiles(
          FileNode.newBuilder()
              .setName(file.getName())
              .setDigest(plain(file.getDigest()))
              .setIsExecutable(file.getIsExecutable()));
    }
    for (DirectoryNode child : message.getDirectoriesList()) {
      plain.addDirectories(
          DirectoryNode.newBuilder().setName(child.getName()).setDigest(plain(child.getDigest())));
    }
    for (SymlinkNode link : message.getSymlinksList()) {
      plain.addSymlinks(symlink(link.getName(), link.getTarget()));
    }
    return plain.build();
  }

  private static build.inputfs.cas.proto.Digest plain(build.inputfs.cas.proto.Digest digest) {
    return build.inputfs.cas.proto.Digest.newBuilder()
        .setHash(digest.getHash())
        .setSizeBytes(digest.getSizeBytes())
        .build();
  }

  /** The rules, read anew and written without regard to speed: whether they allow the message. */
  static boolean isValid(Directory message) {
    List<String> names = new ArrayList<>();
    message.getFilesList().forEach(node -> names.add(node.getName()));
    message.getDirectoriesList().forEach(node -> names.add(node.getName()));
    message.getSymlinksList().forEach(node -> names.add(node.getName()));
    Set<String> seen = new HashSet<>();
    for (String name : names) {
      if (name.isEmpty()
          || name.equals(".")
          || name.equals("..")
          || name.indexOf('/') >= 0
          || name.indexOf('\0') >= 0
          || name.getBytes(UTF_8).length > 255
          || !seen.add(name)) {
        return false;
      }
    }
    return isSorted(message.getFilesList().stream().map(FileNode::getName).toList())
        && isSorted(message.getDirectoriesList().stream().map(DirectoryNode::getName).toList())
        && isSorted(message.getSymlinksList().stream().map(SymlinkNode::getName).toList())
        && message.getFilesList().stream().allMatch(node -> isValid(node.getDigest()))
        && message.getDirectoriesList().stream().allMatch(node -> isValid(node.getDigest()))
        && message.getSymlinksList().stream().allMatch(node -> isTarget(node.getTarget()))
        && message.getFilesList().stream()
            .allMatch(node -> isValid(node.hasNodeProperties() ? node.getNodeProperties() : null))
        && message.getSymlinksList().stream()
            .allMatch(node -> isValid(node.hasNodeProperties() ? node.getNodeProperties() : null))
        && isValid(message.hasNodeProperties() ? message.getNodeProperties() : null);
  }

  private static boolean isValid(build.inputfs.cas.proto.@Nullable NodeProperties properties) {
    if (properties == null) {
      return true;
    }
    boolean mode =
        !properties.hasUnixMode()
            || Integer.toUnsignedLong(properties.getUnixMode().getValue()) <= 07777;
    long seconds = properties.getMtime().getSeconds();
    int nanos = properties.getMtime().getNanos();
    return mode
        && seconds >= -62135596800L
        && seconds <= 253402300799L
        && nanos >= 0
        && nanos <= 999999999;
  }

  private static boolean isValid(build.inputfs.cas.proto.Digest digest) {
    return digest.getHash().matches("[0-9a-f]{64}") && digest.getSizeBytes() >= 0;
  }

  private static boolean isTarget(String target) {
    return !target.isEmpty() && target.indexOf('\0') < 0 && target.getBytes(UTF_8).length <= 4095;
  }

  /** By code points, which is the order of the UTF-8 bytes. */
  private static boolean isSorted(List<String> names) {
    List<String> sorted = new ArrayList<>(names);
    sorted.sort(
        Comparator.comparing(name -> name.codePoints().toArray(), java.util.Arrays::compare));
    return sorted.equals(names);
  }
}
