package build.inputfs.it.daemon;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.it.harness.BlobName;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/**
 * A tree of 15,000 files that is on a server alone, and the twentieth of them that an action reads:
 * all files of each twentieth directory.
 *
 * @param bytes of all files and directories
 * @param others paths that it does not read
 * @param touched paths in the tree
 * @param files their digests
 * @param sum the SHA-256 of the contents of those, one after the other, in hexadecimal
 */
record ColdTree(
    BlobName root,
    long bytes,
    List<String> others,
    List<String> touched,
    List<Digest> files,
    String sum) {
  private static final int PACKAGES = 25;
  private static final int DIRECTORIES = 50;
  private static final int FILES = 12;
  private static final int EACH = 20;

  static ColdTree putInto(ReapiServer server) throws IOException {
    Random random = new Random(15_000);
    List<String> others = new ArrayList<>();
    List<String> touched = new ArrayList<>();
    List<Digest> files = new ArrayList<>();
    MessageDigest sum = sha256();
    long bytes = 0;
    Directory.Builder top = Directory.newBuilder();
    for (int i = 0; i < PACKAGES; i++) {
      Directory.Builder pack = Directory.newBuilder();
      for (int j = 0; j < DIRECTORIES; j++) {
        Directory.Builder directory = Directory.newBuilder();
        for (int k = 0; k < FILES; k++) {
          byte[] content = new byte[2_000 + random.nextInt(20_000)];
          random.nextBytes(content);
          Digest digest = server.put(content);
          bytes += content.length;
          String name = "source-%02d.h".formatted(k);
          String path = "package-%02d/part-%02d/%s".formatted(i, j, name);
          if ((i * DIRECTORIES + j) % EACH == 7) {
            touched.add(path);
            files.add(digest);
            sum.update(content);
          } else {
            others.add(path);
          }
          directory.addFiles(
              FileNode.newBuilder().setName(name).setDigest(Digests.toProto(digest)));
        }
        bytes += directory.build().getSerializedSize();
        pack.addDirectories(node("part-%02d".formatted(j), put(server, directory)));
      }
      bytes += pack.build().getSerializedSize();
      top.addDirectories(node("package-%02d".formatted(i), put(server, pack)));
    }
    Digest root = put(server, top);
    return new ColdTree(
        BlobName.of(top.build().toByteArray()),
        bytes + root.size(),
        others,
        touched,
        files,
        HexFormat.of().formatHex(sum.digest()));
  }

  private static Digest put(ReapiServer server, Directory.Builder directory) throws IOException {
    return server.put(directory.build().toByteArray());
  }

  private static DirectoryNode node(String name, Digest digest) {
    return DirectoryNode.newBuilder().setName(name).setDigest(Digests.toProto(digest)).build();
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** Makes a store that nobody uses as cold as a new one, but for what it has noted of actions. */
  static void empty(Path store) throws IOException {
    for (String part : List.of("cas", "inputfs/exec")) {
      Path folder = store.resolve(part);
      if (Files.exists(folder)) {
        delete(folder);
      }
    }
  }

  private static void delete(Path folder) throws IOException {
    var _ =
        Files.walkFileTree(
            folder,
            new SimpleFileVisitor<>() {
              @Override
              public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                  throws IOException {
                Files.delete(file);
                return FileVisitResult.CONTINUE;
              }
            });
  }
}
