package build.inputfs.cas.tree;

import static build.inputfs.cas.tree.Directories.DIGEST;
import static build.inputfs.cas.tree.Directories.decode;
import static build.inputfs.cas.tree.Directories.directory;
import static build.inputfs.cas.tree.Directories.file;
import static build.inputfs.cas.tree.Directories.symlink;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.NodeProperties;
import build.inputfs.cas.proto.NodeProperty;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class InputDirectoryTest {
  private static final Directory MIXED =
      Directory.newBuilder()
          .addFiles(file("b").toBuilder().setIsExecutable(true))
          .addFiles(file("d"))
          .addDirectories(directory("a"))
          .addDirectories(directory("e"))
          .addSymlinks(symlink("c", "../somewhere/else"))
          .addSymlinks(symlink("é", "/"))
          .build();

  private static void assertRefused(Directory message, String reason) {
    assertRefused(message.toByteArray(), reason);
  }

  private static void assertRefused(byte[] encoded, String reason) {
    assertThatThrownBy(() -> decode(encoded))
        .isInstanceOfSatisfying(
            InvalidTreeException.class,
            e -> assertThat(e.digest()).isEqualTo(DigestFunction.SHA256.digest(encoded)))
        .hasMessageContaining(DigestFunction.SHA256.digest(encoded).toString())
        .hasMessageContaining(reason);
  }

  /** A message with one file of this name, which need not be text. */
  private static byte[] withName(byte[] name) throws IOException {
    ByteArrayOutputStream node = new ByteArrayOutputStream();
    CodedOutputStream out = CodedOutputStream.newInstance(node);
    out.writeByteArray(1, name);
    out.writeMessage(2, file("x").getDigest());
    out.flush();
    return Directory.newBuilder()
        .build()
        .toByteString()
        .concat(field(1, node.toByteArray()))
        .toByteArray();
  }

  private static ByteString field(int number, byte[] content) throws IOException {
    ByteString.Output bytes = ByteString.newOutput();
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.writeByteArray(number, content);
    out.flush();
    return bytes.toByteString();
  }

  @Test
  void decode_mergesAllKindsInTheOrderOfTheirNames() throws IOException {
    InputDirectory decoded = decode(MIXED);
    assertThat(decoded.size()).isEqualTo(6);
    assertThat(decoded.directoryCount()).isEqualTo(2);
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < decoded.size(); i++) {
      names.append(new String(decoded.name(i), UTF_8)).append(decoded.kind(i).name().charAt(0));
    }
    assertThat(names).hasToString("aDbFcSdFeDéS");
    assertThat(decoded.executable(1)).isTrue();
    assertThat(decoded.executable(3)).isFalse();
    assertThat(decoded.digest(0)).isEqualTo(DIGEST);
    assertThat(decoded.digest(1)).isEqualTo(DIGEST);
    assertThat(decoded.fileSize(1)).isEqualTo(DIGEST.size());
    assertThat(decoded.target(2)).asString(UTF_8).isEqualTo("../somewhere/else");
    assertThat(decoded.fileSize(2)).isEqualTo("../somewhere/else".length());
    assertThat(decoded.target(5)).asString(UTF_8).isEqualTo("/");
  }

  @Test
  void find_givesTheIndexOfANameAndOfNoOther() throws IOException {
    InputDirectory decoded = decode(MIXED);
    for (int i = 0; i < decoded.size(); i++) {
      assertThat(decoded.find(decoded.name(i))).isEqualTo(i);
    }
    for (String absent : List.of("", "A", "aa", "c../somewhere/else", "z", "\u00e8")) {
      assertThat(decoded.find(absent.getBytes(UTF_8))).isEqualTo(-1);
    }
  }

  @Test
  void copyName_givesTheNameWithoutTheTarget() throws IOException {
    InputDirectory decoded = decode(MIXED);
    byte[] target = new byte[4];
    decoded.copyName(5, target, 1);
    assertThat(target).containsExactly(0, 0xc3, 0xa9, 0);
    ByteBuffer buffer = ByteBuffer.allocate(4);
    decoded.copyName(5, buffer);
    assertThat(buffer.flip()).isEqualTo(ByteBuffer.wrap("é".getBytes(UTF_8)));
    assertThat(decoded.nameLength(5)).isEqualTo(2);
    assertThat(decoded.nameLength(2)).isEqualTo(1);
  }

  @Test
  void entry_askedForWhatItsKindDoesNotHave_throws() throws IOException {
    InputDirectory decoded = decode(MIXED);
    assertThatThrownBy(() -> decoded.digest(2)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> decoded.target(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> decoded.kind(6)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> decoded.unixMode(6)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> decoded.mtimeNanos(-1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void decode_ofNoBytes_isTheEmptyDirectory() throws IOException {
    InputDirectory empty = decode(new byte[0]);
    assertThat(empty.size()).isZero();
    assertThat(empty.find(new byte[] {'a'})).isEqualTo(-1);
    assertThat(empty.ownUnixMode()).isEqualTo(-1);
    assertThat(empty.hasOwnMtime()).isFalse();
  }

  @Test
  void properties_areThoseOfTheirNodes() throws IOException {
    NodeProperties both =
        NodeProperties.newBuilder()
            .addProperties(NodeProperty.newBuilder().setName("n").setValue("v"))
            .setMtime(Timestamp.newBuilder().setSeconds(-5).setNanos(999_999_999))
            .setUnixMode(UInt32Value.of(04755))
            .build();
    NodeProperties modeZero = NodeProperties.newBuilder().setUnixMode(UInt32Value.of(0)).build();
    NodeProperties epoch =
        NodeProperties.newBuilder().setMtime(Timestamp.getDefaultInstance()).build();
    InputDirectory decoded =
        decode(
            Directory.newBuilder()
                .addFiles(file("a").toBuilder().setNodeProperties(both))
                .addFiles(file("b"))
                .addFiles(file("c").toBuilder().setNodeProperties(modeZero))
                .addSymlinks(symlink("d", "x").toBuilder().setNodeProperties(epoch))
                .setNodeProperties(both)
                .build());
    assertThat(decoded.unixMode(0)).isEqualTo(04755);
    assertThat(decoded.hasMtime(0)).isTrue();
    assertThat(decoded.mtimeSeconds(0)).isEqualTo(-5);
    assertThat(decoded.mtimeNanos(0)).isEqualTo(999_999_999);
    assertThat(decoded.unixMode(1)).isEqualTo(-1);
    assertThat(decoded.hasMtime(1)).isFalse();
    assertThat(decoded.unixMode(2)).isZero();
    assertThat(decoded.hasMtime(2)).isFalse();
    assertThat(decoded.unixMode(3)).isEqualTo(-1);
    assertThat(decoded.hasMtime(3)).isTrue();
    assertThat(decoded.mtimeSeconds(3)).isZero();
    assertThat(decoded.ownUnixMode()).isEqualTo(04755);
    assertThat(decoded.ownMtimeSeconds()).isEqualTo(-5);
    assertThat(decoded.ownMtimeNanos()).isEqualTo(999_999_999);
  }

  @Test
  void weight_growsByWhatAnEntryHolds() throws IOException {
    long one = decode(Directory.newBuilder().addFiles(file("a")).build()).weight();
    long two =
        decode(Directory.newBuilder().addFiles(file("a")).addFiles(file("bcd")).build()).weight();
    assertThat(two - one).isEqualTo(3 + 32 + 8 + 4 + 1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "a/b", "/a", "a/", "\0", "a\0b"})
  void invariant11_namesWithSlashOrNul_areRefusedAsAWhole(String name) {
    assertRefused(Directory.newBuilder().addFiles(file(name)).build(), "a name holds");
    assertRefused(Directory.newBuilder().addDirectories(directory(name)).build(), "a name holds");
    assertRefused(Directory.newBuilder().addSymlinks(symlink(name, "x")).build(), "a name holds");
  }

  @ParameterizedTest
  @ValueSource(strings = {".", ".."})
  void invariant11_dotNames_areRefusedAsAWhole(String name) throws IOException {
    assertRefused(Directory.newBuilder().addFiles(file(name)).build(), "a name is '" + name + "'");
    assertRefused(
        Directory.newBuilder().addDirectories(directory(name)).build(), "a name is '" + name);
    assertThat(decode(Directory.newBuilder().addFiles(file("...")).build()).size()).isEqualTo(1);
  }

  @Test
  void invariant11_emptyName_isRefusedAsAWhole() {
    assertRefused(Directory.newBuilder().addFiles(file("")).build(), "a name is empty");
    assertRefused(Directory.newBuilder().addSymlinks(symlink("", "x")).build(), "a name is empty");
  }

  @Test
  void invariant11_nameOfMoreThan255Bytes_isRefusedAsAWhole() throws IOException {
    String longest = "é".repeat(127) + "x";
    assertThat(decode(Directory.newBuilder().addFiles(file(longest)).build()).nameLength(0))
        .isEqualTo(255);
    assertRefused(Directory.newBuilder().addFiles(file(longest + "x")).build(), "256 bytes");
  }

  @Test
  void invariant11_nameThatIsNotUtf8_isRefusedAsAWhole() throws IOException {
    assertRefused(withName(new byte[] {'a', (byte) 0xff}), "not UTF-8");
    assertRefused(withName(new byte[] {(byte) 0xc0, (byte) 0xaf}), "not UTF-8");
    assertRefused(withName(new byte[] {(byte) 0xed, (byte) 0xa0, (byte) 0x80}), "not UTF-8");
    assertThat(decode(withName(new byte[] {'a'})).size()).isEqualTo(1);
  }

  @Test
  void invariant11_unsortedNames_areRefusedAsAWhole() throws IOException {
    assertRefused(
        Directory.newBuilder().addFiles(file("b")).addFiles(file("a")).build(), "not sorted");
    assertRefused(
        Directory.newBuilder()
            .addDirectories(directory("b"))
            .addDirectories(directory("a"))
            .build(),
        "directories are not sorted");
    assertRefused(
        Directory.newBuilder()
            .addSymlinks(symlink("b", "x"))
            .addSymlinks(symlink("a", "x"))
            .build(),
        "symlinks are not sorted");
    // UTF-16 puts U+10000 before U+FFFD, UTF-8 after it.
    assertThat(
            decode(
                    Directory.newBuilder()
                        .addFiles(file("\uFFFD"))
                        .addFiles(file("\uD800\uDC00"))
                        .build())
                .size())
        .isEqualTo(2);
    assertRefused(
        Directory.newBuilder().addFiles(file("\uD800\uDC00")).addFiles(file("\uFFFD")).build(),
        "not sorted");
  }

  @Test
  void invariant11_duplicateNames_areRefusedAsAWhole() {
    String reason = "two entries are named 'a'";
    assertRefused(Directory.newBuilder().addFiles(file("a")).addFiles(file("a")).build(), reason);
    assertRefused(
        Directory.newBuilder().addFiles(file("a")).addDirectories(directory("a")).build(), reason);
    assertRefused(
        Directory.newBuilder().addFiles(file("a")).addSymlinks(symlink("a", "x")).build(), reason);
    assertRefused(
        Directory.newBuilder()
            .addDirectories(directory("a"))
            .addSymlinks(symlink("a", "x"))
            .build(),
        reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "abc",
        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85500",
      })
  void invariant11_hashOfWrongLengthOrDigits_isRefusedAsAWhole(String hash) {
    build.inputfs.cas.proto.Digest digest =
        build.inputfs.cas.proto.Digest.newBuilder().setHash(hash).build();
    assertRefused(
        Directory.newBuilder().addFiles(file("a").toBuilder().setDigest(digest)).build(), "hash");
    assertRefused(
        Directory.newBuilder().addDirectories(directory("a").toBuilder().setDigest(digest)).build(),
        "hash");
  }

  @Test
  void invariant11_negativeSize_isRefusedAsAWhole() {
    Directory.Builder message = Directory.newBuilder().addFiles(file("a"));
    message.getFilesBuilder(0).getDigestBuilder().setSizeBytes(-1);
    assertRefused(message.build(), "'a' has a size of -1");
  }

  @Test
  void invariant11_symlinkTargetThatNoSymlinkCanHave_isRefusedAsAWhole() throws IOException {
    assertRefused(Directory.newBuilder().addSymlinks(symlink("a", "")).build(), "target is empty");
    assertRefused(
        Directory.newBuilder().addSymlinks(symlink("a", "x\0y")).build(), "target holds NUL");
    assertRefused(
        Directory.newBuilder().addSymlinks(symlink("a", "x".repeat(4096))).build(), "4096 bytes");
    assertThat(
            decode(Directory.newBuilder().addSymlinks(symlink("a", "x".repeat(4095))).build())
                .fileSize(0))
        .isEqualTo(4095);
  }

  @Test
  void invariant11_propertiesBeyondTheirRange_areRefusedAsAWhole() {
    for (int mode : new int[] {010000, -1}) {
      NodeProperties properties =
          NodeProperties.newBuilder().setUnixMode(UInt32Value.of(mode)).build();
      assertRefused(
          Directory.newBuilder()
              .addFiles(file("a").toBuilder().setNodeProperties(properties))
              .build(),
          "unix_mode is 0");
      assertRefused(Directory.newBuilder().setNodeProperties(properties).build(), "unix_mode is 0");
    }
    NodeProperties nanos =
        NodeProperties.newBuilder()
            .setMtime(Timestamp.newBuilder().setNanos(1_000_000_000))
            .build();
    assertRefused(
        Directory.newBuilder()
            .addSymlinks(symlink("a", "x").toBuilder().setNodeProperties(nanos))
            .build(),
        "mtime is 0 s and 1000000000 ns");
  }

  @Test
  void invariant11_bytesThatAreNoMessage_areRefused() {
    assertRefused(new byte[] {0}, "not a Directory message");
    assertRefused(new byte[] {0x0a}, "not a Directory message");
    assertRefused(new byte[] {0x0a, 0x7f}, "not a Directory message");
    assertRefused(new byte[] {0x0c}, "not a Directory message");
    assertRefused(
        new byte[] {0x0a, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x0f},
        "not a Directory message");
  }

  @Test
  void decode_stepsOverFieldsItDoesNotKnow() throws IOException {
    byte[] encoded =
        field(99, new byte[] {1, 2, 3})
            .concat(MIXED.toByteString())
            .concat(field(4, new byte[5]))
            .toByteArray();
    assertThat(Directories.asMessage(decode(encoded)))
        .isEqualTo(Directories.withoutProperties(MIXED));
  }

  @Test
  void decode_ofFieldsThatOccurTwice_takesTheLast() throws IOException {
    byte[] first = file("a").toBuilder().setIsExecutable(true).build().toByteArray();
    ByteString.Output node = ByteString.newOutput();
    node.write(first);
    CodedOutputStream out = CodedOutputStream.newInstance(node);
    out.writeString(1, "b");
    out.writeBool(4, false);
    out.flush();
    InputDirectory decoded = decode(field(1, node.toByteString().toByteArray()).toByteArray());
    assertThat(decoded.name(0)).asString(UTF_8).isEqualTo("b");
    assertThat(decoded.executable(0)).isFalse();
    assertThat(decoded.digest(0)).isEqualTo(DIGEST);
  }
}
