package build.inputfs.cas.tree;

import static build.inputfs.cas.tree.Directories.DIGEST;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.NodeProperties;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DirectoryBuilderTest {

  private static Directory build(List<String> names) {
    DirectoryBuilder builder = new DirectoryBuilder();
    for (String name : names) {
      builder.addFile("f" + name, DIGEST, false, null);
      builder.addDirectory("d" + name, DIGEST);
      builder.addSymlink("s" + name, "target", null);
    }
    return builder.build();
  }

  @Test
  void build_sortsByBytesWhateverTheOrderOfAdding() throws Exception {
    List<String> names = Arrays.asList("b", "B", "a", "", "é", "\uD83D\uDE00", "\uFFFD", "ab");
    Directory message = build(names);
    assertThat(Directories.isValid(message)).isTrue();
    assertThat(Directories.decode(message).size()).isEqualTo(24);
    Collections.reverse(names);
    assertThat(build(names).toByteArray()).isEqualTo(message.toByteArray());
  }

  @Test
  void add_ofNameThatIsTaken_isRefusedWhateverTheKinds() {
    DirectoryBuilder builder = new DirectoryBuilder();
    builder.addFile("f", DIGEST, false, null);
    builder.addDirectory("d", DIGEST);
    builder.addSymlink("s", "x", null);
    for (String taken : List.of("f", "d", "s")) {
      assertThatThrownBy(() -> builder.addFile(taken, DIGEST, false, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("two entries are named '" + taken + "'");
      assertThatThrownBy(() -> builder.addDirectory(taken, DIGEST))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> builder.addSymlink(taken, "x", null))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void add_ofWhatADecoderWouldRefuse_isRefused() {
    DirectoryBuilder builder = new DirectoryBuilder();
    for (String name : List.of("", ".", "..", "a/b", "a\0b", "x".repeat(256))) {
      assertThatThrownBy(() -> builder.addFile(name, DIGEST, false, null))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> builder.addSymlink("s", "", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("s: its target is empty");
    NodeProperties mode = NodeProperties.newBuilder().setUnixMode(UInt32Value.of(010000)).build();
    assertThatThrownBy(() -> builder.addFile("f", DIGEST, false, mode))
        .isInstanceOf(IllegalArgumentException.class);
    NodeProperties time =
        NodeProperties.newBuilder().setMtime(Timestamp.newBuilder().setNanos(-1)).build();
    assertThatThrownBy(() -> builder.setProperties(time))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(builder.build()).isEqualTo(Directory.getDefaultInstance());
  }
}
