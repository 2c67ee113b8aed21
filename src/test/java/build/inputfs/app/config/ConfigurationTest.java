package build.inputfs.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigurationTest {
  private static final Map<String, String> NOTHING = Map.of("INPUTFS_CONFIG", "");

  @TempDir Path folder;

  @Test
  void read_ofSettings_givesThemWithTheirPlaces() throws IOException {
    Path file =
        write(
            """
            # all kinds
            [store]
            path = "s"          # from this file's folder
            digest-function = 'blake3'

            [daemon]
            max-views = 12
            reap = true
            """);
    Configuration configuration = Configuration.read(file, NOTHING);
    assertThat(configuration.get(Key.STORE_PATH)).isEqualTo(folder.resolve("s").toString());
    assertThat(configuration.place(Key.STORE_PATH)).isEqualTo(file + ":3");
    assertThat(configuration.get(Key.STORE_FUNCTION)).isEqualTo("blake3");
    assertThat(configuration.get(Key.DAEMON_VIEWS)).isEqualTo("12");
    assertThat(configuration.get(Key.DAEMON_REAP)).isEqualTo("true");
    assertThat(configuration.place(Key.DAEMON_REAP)).isEqualTo(file + ":8");
    assertThat(configuration.get(Key.STRATEGY)).isNull();
    assertThat(Configuration.readQuickly(Map.of("INPUTFS_CONFIG", file.toString()))).isNotNull();
  }

  @Test
  void read_ofTomlThatIsNotSimple_givesTheSame() throws IOException {
    Path file = write("store.path = \"\\u0073\"\nview = { strategy = \"fuse\" }\n");
    Configuration configuration = Configuration.read(file, NOTHING);
    assertThat(configuration.get(Key.STORE_PATH)).isEqualTo(folder.resolve("s").toString());
    assertThat(configuration.get(Key.STRATEGY)).isEqualTo("fuse");
    assertThat(configuration.place(Key.STRATEGY)).isEqualTo(file + ":2");
    assertThat(Configuration.readQuickly(Map.of("INPUTFS_CONFIG", file.toString()))).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[store]\\npaths = \"x\"|:2: there is no setting 'paths' in [store]; inputfs config lists all",
        "path = \"x\"|:1: there is no setting 'path' outside of tables; inputfs config lists all",
        "[shop]\\na.b = 1|:2: there is no setting 'a' in [shop]; inputfs config lists all",
        "\\n[view]\\n\\nstrategy = \"best\"|:4: strategy is one of auto, overlay, fuse",
        "[daemon]\\nmax-views = \"1\"|:2: max-views takes a number",
        "[daemon]\\nmax-views = -1|:2: max-views takes a number",
        "[daemon]\\nreap = 1|:2: reap is true or false",
        "[store]\\npath = 1|:2: path takes a string with a path",
        "[store]\\npath = [\"x\"]|:2: path takes a string with a path",
        "[store]\\npath = \"x|:2: ",
        "[store]\\npath = x|:2: ",
        "[store]\\npath = \"x\"\\npath = \"y\"|:3: ",
      })
  void read_ofWhatIsWrong_saysWhereAndWhat(String text, String problem) throws IOException {
    Path file = write(text.replace("\\n", "\n"));
    assertThatThrownBy(() -> Configuration.read(file, NOTHING))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith(file + problem)
        .message()
        .doesNotContain("\n");
  }

  @Test
  void read_ofWhatIsNoText_saysSo() throws IOException {
    Path file = write("");
    Files.write(file, new byte[] {(byte) 0xff, 0});
    assertThatThrownBy(() -> Configuration.read(file, NOTHING))
        .isInstanceOf(IOException.class)
        .hasMessage("the configuration file " + file + " is not UTF-8");
  }

  @Test
  void read_findsTheFirstFileThatThereIs() throws IOException {
    Path own = folder.resolve("inputfs/inputfs.toml");
    Files.createDirectories(folder.resolve("inputfs"));
    Files.writeString(own, "");
    Path named = write("");
    Map<String, String> environment =
        Map.of("XDG_CONFIG_HOME", folder.toString(), "INPUTFS_CONFIG", named.toString());
    Path given = Files.writeString(folder.resolve("given"), "");
    assertThat(Configuration.read(given, environment).file()).isEqualTo(given);
    assertThat(Configuration.read(null, environment).file()).isEqualTo(named);
    assertThat(Configuration.read(null, Map.of("XDG_CONFIG_HOME", folder.toString())).file())
        .isEqualTo(own);
    assertThat(Configuration.read(null, NOTHING)).isSameAs(Configuration.NONE);
    assertThatThrownBy(() -> Configuration.read(folder.resolve("none"), environment))
        .isInstanceOf(IOException.class)
        .hasMessage("there is no configuration file " + folder.resolve("none"));
  }

  @Test
  void under_leavesWhatTheEnvironmentSays() throws IOException {
    Path file = write("[daemon]\nuse = \"never\"\nsocket = \"/s\"\n");
    Configuration configuration = Configuration.read(file, NOTHING);
    assertThat(configuration.under(Map.of("INPUTFS_DAEMON", "start", "INPUTFS_SOCKET", "")))
        .isEqualTo(Map.of("INPUTFS_DAEMON", "start", "INPUTFS_SOCKET", "/s"));
  }

  /** What the simple reader takes, the full one reads alike; what that refuses, it leaves alone. */
  @ParameterizedTest
  @ValueSource(longs = 20261122)
  void readers_agree(long usual) throws IOException {
    long seed = Long.getLong("inputfs.config.seed", usual);
    Random random = new Random(seed);
    String[] parts = {
      "[store]",
      "[view]",
      "[a b]",
      "path",
      "max-views",
      "=",
      " = ",
      "\n",
      "\n",
      "\n",
      "\"x\"",
      "'y'",
      "\"\"",
      "\"\\n\"",
      "'''",
      "1",
      "01",
      "-1",
      "1.5",
      "true",
      "false",
      "# c",
      "#\t",
      "\t",
      " ",
      ".",
      "[",
      "]",
      "{",
      "\"é\"",
      "\u0001",
      "\r\n"
    };
    int simple = 0;
    for (int round = 0; round < 20_000; round++) {
      StringBuilder text = new StringBuilder();
      for (int part = random.nextInt(9); part >= 0; part--) {
        text.append(parts[random.nextInt(parts.length)]);
      }
      List<Entry> read = SimpleToml.read(text.toString().lines().toList());
      if (read != null) {
        simple += read.isEmpty() ? 0 : 1;
        assertThat(FullToml.read(Path.of("f"), text.toString()))
            .as("seed %d: %s", seed, text)
            .containsExactlyInAnyOrderElementsOf(read);
      }
    }
    assertThat(simple).isPositive();
  }

  private Path write(String text) throws IOException {
    return Files.writeString(folder.resolve("c.toml"), text);
  }
}
