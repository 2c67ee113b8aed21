package build.inputfs.app.run;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Command.EnvironmentVariable;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class EnvironmentTest {

  @Test
  void of_hasTheVariablesOfTheCommandAndNoOthers() {
    Environment environment =
        Environment.of(
            Command.newBuilder()
                .addEnvironmentVariables(variable("A", "1=2"))
                .addEnvironmentVariables(variable("É", "ü"))
                .build());

    assertThat(texts(environment)).containsExactly("A=1=2", "É=ü");
    assertThat(environment.get("É")).isEqualTo("ü");
    assertThat(environment.get("PATH")).isNull();
  }

  @Test
  void ofBlock_keepsBytesThatAreNoText() {
    byte[] block = {'A', '=', (byte) 0xff, 0, 'B', '=', 0};

    assertThat(Environment.ofBlock(block).entries())
        .containsExactly(new byte[] {'A', '=', (byte) 0xff}, new byte[] {'B', '='});
  }

  @Test
  void ofBlock_whenTheStartScriptChangedTheLocale_givesBackTheCallers() {
    assertThat(texts(Environment.ofBlock(block("LC_ALL=C.UTF-8", "INPUTFS_LC_ALL=", "A=1"))))
        .containsExactly("A=1");
    assertThat(texts(Environment.ofBlock(block("LC_ALL=C.UTF-8", "INPUTFS_LC_ALL=POSIX"))))
        .containsExactly("LC_ALL=POSIX");
  }

  @Test
  void in_tellsTheDirectoryOnlyToWhomItWasTold() {
    Path directory = Path.of("/view");

    assertThat(texts(Environment.ofBlock(block("PWD=/here")).in(directory)))
        .containsExactly("PWD=/view");
    assertThat(texts(Environment.EMPTY.in(directory))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"'', x", "A=B, x"})
  void with_whenTheNameCannotBe_refuses(String name, String value) {
    assertThatThrownBy(() -> Environment.EMPTY.with(name, value))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static EnvironmentVariable variable(String name, String value) {
    return EnvironmentVariable.newBuilder().setName(name).setValue(value).build();
  }

  private static byte[] block(String... variables) {
    return (String.join("\0", variables) + "\0").getBytes(ISO_8859_1);
  }

  private static List<String> texts(Environment environment) {
    return environment.entries().stream().map(bytes -> new String(bytes, UTF_8)).toList();
  }
}
