package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.DeclaredOutputs.Expected;
import build.inputfs.cache.view.DeclaredOutputs.Output;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Command.OutputDirectoryFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DeclaredOutputsTest {

  @ParameterizedTest
  @CsvSource({
    "'', a/b, a/b",
    "'', ./a//b/, a/b",
    "w/d, a, w/d/a",
    "w/d, ../a, w/a",
    "w/d, ../../a, a",
    "w/d, '', w/d",
    "'', ., ''",
    "'', a/../b, b",
  })
  void resolve_normalizes(String directory, String path, String expected) {
    assertThat(DeclaredOutputs.resolve(directory, path)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/a", "..", "../a", "a/../../b", "a\0b"})
  void resolve_whenThePathLeavesTheView_refuses(String path) {
    assertThatThrownBy(() -> DeclaredOutputs.resolve("", path))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(path.replace("\0", "\\0"));
  }

  @Test
  void of_whenThereAreOutputPaths_leavesTheOlderFieldsAside() {
    DeclaredOutputs outputs =
        DeclaredOutputs.of(
            Command.newBuilder()
                .setWorkingDirectory("w")
                .addOutputPaths("x")
                .addOutputPaths("../y")
                .addOutputPaths("x")
                .addOutputFiles("f")
                .addOutputNodeProperties("mtime")
                .build());

    assertThat(outputs.outputs())
        .containsExactly(
            new Output("x", "w/x", Expected.ANYTHING), new Output("../y", "y", Expected.ANYTHING));
    assertThat(outputs.nodeProperties()).containsExactly("mtime");
    assertThat(outputs.asTrees()).isTrue();
    assertThat(outputs.asDirectories()).isFalse();
  }

  @Test
  void of_whenThereAreNoOutputPaths_takesTheOlderFields() {
    DeclaredOutputs outputs =
        DeclaredOutputs.of(
            Command.newBuilder()
                .addOutputFiles("f")
                .addOutputDirectories("d")
                .setOutputDirectoryFormat(OutputDirectoryFormat.DIRECTORY_ONLY)
                .build());

    assertThat(outputs.outputs())
        .containsExactly(
            new Output("f", "f", Expected.FILE), new Output("d", "d", Expected.DIRECTORY));
    assertThat(outputs.asTrees()).isFalse();
    assertThat(outputs.asDirectories()).isTrue();
  }

  @Test
  void viewPaths_leavesOutTheRoot() {
    assertThat(DeclaredOutputs.ofPaths(List.of(".", "a/b")).viewPaths()).containsExactly("a/b");
  }
}
