package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.store.MissingBlobException;
import com.google.protobuf.UnknownFieldSet;
import io.grpc.Status;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Reading the directories of a tree, with GetTree and without. */
@Timeout(300)
final class TreeTest {
  private static final int WIDTH = 6;

  private final RemoteFixture fixture = new RemoteFixture();
  private final ReapiServer server = fixture.server;
  private final Map<Digest, byte[]> directories = new HashMap<>();
  private final Digest root;
  private final Digest leaf;

  TreeTest() throws IOException {
    leaf = put(Directory.newBuilder());
    Digest below = leaf;
    for (int depth = 0; depth < 20; depth++) {
      Directory.Builder directory = Directory.newBuilder();
      for (int i = 0; i < WIDTH; i++) {
        directory.addDirectories(
            DirectoryNode.newBuilder().setName("d" + i).setDigest(Digests.toProto(below)));
      }
      // A field that nobody here knows is part of the digest too.
      directory.setUnknownFields(
          UnknownFieldSet.newBuilder()
              .addField(99, UnknownFieldSet.Field.newBuilder().addVarint(depth).build())
              .build());
      below = put(directory);
    }
    root = below;
    server.habits(ReapiServer.Habits.GOOD.withPage(3));
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
  }

  @Test
  void tree_givesEachDirectoryAsItIs_inOneCall() throws IOException {
    assertThat(read()).isEqualTo(encoded(directories));
    assertThat(server.seen(Rpc.GET_TREE)).hasSize(1);
    assertThat(server.seen(Rpc.BATCH_READ)).isEmpty();
  }

  @Test
  void tree_whereTheServerHasNoGetTree_goesLevelByLevel() throws IOException {
    server.lacks(Rpc.GET_TREE);

    assertThat(read()).isEqualTo(encoded(directories));
    assertThat(server.seen(Rpc.BATCH_READ)).hasSize(20);
  }

  @Test
  void tree_whereTheServerHasStreamsAlone_isReadToo() throws IOException {
    server.lacks(Rpc.GET_TREE, Rpc.BATCH_READ);

    assertThat(read()).isEqualTo(encoded(directories));
  }

  @Test
  void tree_whenTheStreamBreaks_goesOnWhereItBroke() throws IOException {
    server.next(
        Rpc.GET_TREE,
        new Fault.Fails(Status.Code.UNAVAILABLE, 2_000),
        new Fault.Fails(Status.Code.UNAVAILABLE, 0),
        new Fault.EndsEarly(1));

    assertThat(read()).isEqualTo(encoded(directories));
    assertThat(server.seen(Rpc.GET_TREE)).hasSize(4);
  }

  @Test
  void tree_ofWrongBytes_givesThemByTheirOwnDigest() throws IOException {
    server.next(Rpc.GET_TREE, new Fault.Corrupts(3));

    assertThat(read()).hasSize(directories.size()).doesNotContainKey(root);
  }

  @Test
  void tree_whenTheRootIsMissing_saysSo() throws IOException {
    server.remove(root);
    assertThatExceptionOfType(MissingBlobException.class)
        .isThrownBy(this::read)
        .satisfies(e -> assertThat(e.digest()).isEqualTo(root));

    server.lacks(Rpc.GET_TREE);
    assertThatExceptionOfType(MissingBlobException.class)
        .isThrownBy(this::read)
        .satisfies(e -> assertThat(e.digest()).isEqualTo(root));
  }

  @Test
  void tree_whenADirectoryIsMissing_leavesItOut() throws IOException {
    byte[] content = directories.remove(leaf);
    assertThat(content).isEmpty();
    Digest last = oneAbove();
    directories.remove(last);
    server.remove(last);

    assertThat(read()).isEqualTo(encoded(directories));
    server.lacks(Rpc.GET_TREE);
    assertThat(read()).isEqualTo(encoded(directories));
  }

  /** The directory that has the empty one in it. */
  private Digest oneAbove() throws IOException {
    for (Map.Entry<Digest, byte[]> directory : directories.entrySet()) {
      if (Directory.parseFrom(directory.getValue()).getDirectoriesList().stream()
          .anyMatch(child -> Digests.fromProto(child.getDigest()).equals(leaf))) {
        return directory.getKey();
      }
    }
    throw new AssertionError("there is none");
  }

  private Digest put(Directory.Builder directory) throws IOException {
    byte[] encoded = directory.build().toByteArray();
    Digest digest = server.put(encoded);
    assertThat(digest).isEqualTo(DigestFunction.SHA256.digest(encoded));
    directories.put(digest, encoded);
    return digest;
  }

  private Map<Digest, String> read() throws IOException {
    Map<Digest, byte[]> read = new HashMap<>();
    try (RemoteCas remote = fixture.open()) {
      remote.tree(
          root,
          (digest, bytes) -> {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            read.put(digest, copy);
          });
    }
    return encoded(read);
  }

  private static Map<Digest, String> encoded(Map<Digest, byte[]> directories) {
    Map<Digest, String> encoded = new HashMap<>();
    directories.forEach(
        (digest, bytes) -> encoded.put(digest, java.util.HexFormat.of().formatHex(bytes)));
    return encoded;
  }
}
