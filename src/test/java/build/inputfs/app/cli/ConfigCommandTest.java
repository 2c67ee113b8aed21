package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.daemon.StrategySet;
import build.inputfs.app.run.Interruption;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands make of a configuration file. */
final class ConfigCommandTest {
  @TempDir Path folder;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void configureNothing() {
    environment.put("INPUTFS_CONFIG", "");
  }

  @Test
  void config_withoutAFile_printsAllSettingsAsComments() {
    assertThat(run("config", new ConfigCommand())).isZero();
    assertThat(text(out).lines())
        .contains("# There is no configuration file.", "[store]", "#strategy: auto")
        .allMatch(line -> line.isEmpty() || line.startsWith("#") || line.startsWith("["));
  }

  @Test
  void config_tellsWhereEachSettingIsFrom() throws IOException {
    Path file = configure("[view]\nstrategy = \"copy\"\n[daemon]\nuse = \"never\"\nreap = true\n");
    environment.put("INPUTFS_DAEMON", "start");
    assertThat(run("config", new ConfigCommand())).isZero();
    String printed = text(out);
    assertThat(printed.lines().map(line -> line.replaceAll(" +#", " #")))
        .contains(
            "# " + file,
            "strategy = \"copy\" # " + file + ":2",
            "use = \"start\" # $INPUTFS_DAEMON",
            "reap = true # " + file + ":5");
    // What is printed can be read, and says the same.
    Path again = Files.writeString(folder.resolve("again.toml"), printed);
    assertThat(run("config", new ConfigCommand(), "--config", again.toString())).isZero();
    assertThat(text(out)).contains("strategy = \"copy\"").contains(again + ":");
  }

  @Test
  void commands_takeTheStoreThatIsConfigured_unlessAnotherIsGiven() throws IOException {
    Path inputs = Files.createDirectory(folder.resolve("in"));
    Files.writeString(inputs.resolve("a"), "content");
    configure("[store]\npath = \"s\"\ndigest-function = \"blake3\"\n");
    assertThat(run("import", new ImportCommand(), inputs.toString())).isZero();
    assertThat(folder.resolve("s/blake3/cas")).isDirectory();
    String root = text(out).strip();
    assertThat(run("ls", new ListCommand(), root)).isZero();
    assertThat(text(out)).isEqualTo("a\n");
    String[] given = {inputs.toString(), "--cas", folder.resolve("t").toString()};
    assertThat(run("import", new ImportCommand(), given)).isZero();
    assertThat(folder.resolve("t/cas")).isDirectory();
    String[] asked = {inputs.toString(), "--digest-function", "md5"};
    assertThat(run("import", new ImportCommand(), asked)).isZero();
    assertThat(folder.resolve("s/md5/cas")).isDirectory();
  }

  @Test
  void commands_takeOptionsThatAreConfigured_unlessTheyAreGiven() throws IOException {
    configure("[daemon]\nmax-store-size = \"much\"\n");
    assertThat(run("daemon", new DaemonCommand())).isEqualTo(2);
    assertThat(text(err)).contains("--max-store-size takes a size such as 20GB, not much");
    assertThat(run("daemon", new DaemonCommand(), "--max-store-size", "more")).isEqualTo(2);
    assertThat(text(err)).contains("not more");
  }

  @Test
  void commands_withAWrongFile_sayWhereItIsWrong() throws IOException {
    Path file = configure("[store]\nfolder = \"s\"\n");
    assertThat(run("ls", new ListCommand(), "0".repeat(64) + "/3")).isEqualTo(125);
    assertThat(text(err))
        .startsWith("inputfs: " + file + ":2: there is no setting 'folder' in [store]")
        .hasLineCount(1);
  }

  private Path configure(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("inputfs.toml"), text);
    environment.put("INPUTFS_CONFIG", file.toString());
    return file;
  }

  private int run(String name, Subcommand command, String... arguments) {
    out.reset();
    err.reset();
    Path own = folder.resolve("default");
    return Main.run(
        name,
        command,
        arguments,
        new Context(
            new Console(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8)),
            new Folders(
                own, DigestFunction.SHA256, own.resolve("scratch"), own.resolve("inputfs"), folder),
            new None(),
            environment,
            () -> new Interruption()));
  }

  private static String text(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }

  /** No views are made here. */
  private static final class None implements Strategies {
    @Override
    public ViewStrategy open(
        String name,
        TransportChoice transport,
        Posix posix,
        BlobSource blobs,
        TreeReader trees,
        Path scratch) {
      throw new UnsupportedOperationException(name);
    }

    @Override
    public StrategySet all(
        TransportChoice transport, Posix posix, BlobSource blobs, TreeReader trees, Path own) {
      throw new UnsupportedOperationException();
    }
  }
}
