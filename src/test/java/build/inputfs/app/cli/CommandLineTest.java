package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.daemon.StrategySet;
import build.inputfs.app.run.CopyStrategy;
import build.inputfs.app.run.Interruption;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Signals;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands as their user gives them, with views that are plain copies. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class CommandLineTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final Interruption interruption = new Interruption();

  @TempDir private Path folder;
  private Path inputs;
  private Path store;
  private Path mountPoints;

  @BeforeEach
  void makeInputs() throws IOException {
    mountPoints = Files.createDirectory(folder.resolve("mounts"));
    store = folder.resolve("store");
    inputs = Files.createDirectory(folder.resolve("inputs"));
    Files.writeString(Files.createDirectory(inputs.resolve("dir")).resolve("file"), "content\n");
    Files.createSymbolicLink(inputs.resolve("link"), Path.of("dir/file"));
    Path tool = inputs.resolve("tool");
    Files.writeString(tool, "#!/bin/sh\nexit 6\n");
    Files.setPosixFilePermissions(tool, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(mountPoints).isEmptyDirectory();
  }

  @Test
  void importAndLook_showTheTreeWithoutAMount() {
    assertThat(run("import", new ImportCommand(), inputs.toString())).isZero();
    String root = out().strip();
    assertThat(root).matches("[0-9a-f]{64}/[0-9]+");

    assertThat(run("ls", new ListCommand(), root)).isZero();
    assertThat(out()).isEqualTo("dir\nlink\ntool\n");

    assertThat(run("ls", new ListCommand(), "-l", root)).isZero();
    assertThat(out().lines())
        .satisfiesExactly(
            line -> assertThat(line).matches("drwxr-xr-x .* 2000-01-01T00:00:00Z dir"),
            line -> assertThat(line).matches("lrwxrwxrwx +8 .* link -> dir/file"),
            line -> assertThat(line).matches("-r-xr-xr-x +17 .* tool"));

    assertThat(run("tree", new TreeCommand(), root.replace('/', '-'))).isZero();
    assertThat(out())
        .isEqualTo(
            root
                + """

                ├── dir/
                │   └── file
                ├── link -> dir/file
                └── tool*

                1 directory, 2 files (25 bytes), 1 symlink
                """);

    assertThat(run("cat", new CatCommand(), root.replaceAll("/.*", ""), "dir/file")).isZero();
    assertThat(out()).isEqualTo("content\n");

    assertThat(run("stat", new StatCommand(), root, "link")).isZero();
    assertThat(out()).contains("kind    symlink").contains("target  dir/file");

    assertThat(run("stat", new StatCommand(), root, "dir/file")).isZero();
    String digest =
        out().lines().filter(line -> line.startsWith("digest")).findFirst().orElseThrow();
    assertThat(run("cat", new CatCommand(), digest.substring(8))).isZero();
    assertThat(out()).isEqualTo("content\n");
  }

  @Test
  void look_whenThePathIsMissing_saysSoInOneLine() {
    String root = importInputs();

    assertThat(run("ls", new ListCommand(), root, "dir/none")).isEqualTo(125);
    assertThat(err()).isEqualTo("inputfs: there is no 'dir/none' in the tree\n");
    assertThat(run("cat", new CatCommand(), root, "dir")).isEqualTo(125);
    assertThat(err()).isEqualTo("inputfs: 'dir' is a directory\n");
    assertThat(run("ls", new ListCommand(), root, "tool/x")).isEqualTo(125);
    assertThat(err()).isEqualTo("inputfs: 'tool/x' leads through what is not a directory\n");
  }

  @Test
  void cas_tellsChecksAndShrinksTheStore() throws IOException {
    importInputs();
    assertThat(run("cas", new CasCommand(), "stat")).isZero();
    assertThat(out())
        .containsPattern("blobs +4 +\\d+ bytes")
        .containsPattern("quarantined +0 +0 bytes");
    assertThat(run("cas", new CasCommand(), "verify")).isZero();
    assertThat(out()).isEmpty();

    Path damaged;
    try (var files = Files.walk(store.resolve("cas"))) {
      damaged = files.filter(Files::isRegularFile).findFirst().orElseThrow();
    }
    Files.setPosixFilePermissions(damaged, PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(damaged, "something else");
    assertThat(run("cas", new CasCommand(), "verify")).isEqualTo(1);
    assertThat(out()).startsWith(damaged + ": its content has the hash ").contains("quarantine");
    assertThat(damaged).doesNotExist();
    assertThat(run("cas", new CasCommand(), "verify")).isZero();

    assertThat(run("cas", new CasCommand(), "gc", "--max-size", "1kB")).isZero();
    assertThat(out())
        .startsWith("deleted 0 blobs and results of 0 bytes; 3 blobs and results left");
    assertThat(run("cas", new CasCommand(), "gc", "--max-size", "0")).isZero();
    assertThat(out()).startsWith("deleted 3 blobs").contains("; 0 blobs and results left");
  }

  @ParameterizedTest
  @ValueSource(strings = {"gc", "stat --max-size 1", "gc --max-size much", "all"})
  void cas_whenUsedWrongly_saysSo(String arguments) {
    assertThat(run("cas", new CasCommand(), arguments.split(" "))).isEqualTo(2);
    assertThat(err()).contains("see inputfs cas --help");
  }

  @Test
  void sizes_areReadAsPeopleWriteThem() {
    assertThat(Text.parseBytes("800000")).isEqualTo(800_000);
    assertThat(Text.parseBytes("20GB")).isEqualTo(20_000_000_000L);
    assertThat(Text.parseBytes("1.5t")).isEqualTo(1_500_000_000_000L);
    assertThat(Text.parseBytes("512 MiB")).isEqualTo(512L << 20);
    assertThat(Text.parseBytes("0")).isZero();
    for (String wrong : List.of("", "-1", "GB", "1X", "99999999999T", "1.2.3")) {
      assertThat(Text.parseBytes(wrong)).isNegative();
    }
  }

  @Test
  void look_whenTheBlobIsMissing_namesIt() {
    importInputs();
    String missing = "0".repeat(64) + "/3";

    assertThat(run("ls", new ListCommand(), missing)).isEqualTo(125);
    assertThat(err()).startsWith("inputfs: missing blob blobs/" + missing).hasLineCount(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x", "123/4", "0/1"})
  void look_whenTheDigestIsNone_isWrongUsage(String digest) {
    importInputs();

    assertThat(run("ls", new ListCommand(), digest)).isEqualTo(2);
    assertThat(err()).startsWith("inputfs: not a digest: '" + digest).hasLineCount(1);
  }

  @Test
  void look_whenThereIsNoStore_makesNone() {
    assertThat(run("ls", new ListCommand(), "0".repeat(64) + "/3")).isEqualTo(125);

    assertThat(err()).isEqualTo("inputfs: there is no store in " + store + "\n");
    assertThat(store).doesNotExist();
  }

  @Test
  void importDirectory_whenItHoldsAFifo_names() throws IOException {
    assertThat(new ProcessBuilder("mkfifo", inputs.resolve("pipe").toString()).start())
        .satisfies(process -> assertThat(process.waitFor()).isZero());

    assertThat(run("import", new ImportCommand(), inputs.toString())).isEqualTo(125);
    assertThat(err()).contains(inputs.resolve("pipe").toString()).hasLineCount(1);
  }

  @Test
  void importDirectory_whenItIsNone_saysWhatItIs() {
    assertThat(run("import", new ImportCommand(), inputs + "/tool")).isEqualTo(125);
    assertThat(err()).isEqualTo("inputfs: " + inputs + "/tool: not a directory\n");
    assertThat(run("import", new ImportCommand(), inputs + "/none")).isEqualTo(125);
    assertThat(err()).isEqualTo("inputfs: " + inputs + "/none: no such file or directory\n");
  }

  @Test
  void importDirectory_whenTheStoreMayNotBeWritten_leavesIt() throws IOException {
    Files.createDirectory(store);
    Files.setPosixFilePermissions(store, PosixFilePermissions.fromString("r-xr-xr-x"));

    assertThat(run("import", new ImportCommand(), inputs.toString())).isEqualTo(125);
    assertThat(err()).contains("cannot be written").hasLineCount(1);
    assertThat(store).isEmptyDirectory();
  }

  @Test
  void importDirectory_whenASignalCame_stops() {
    interruption.signal(Signals.INT);

    assertThat(run("import", new ImportCommand(), inputs.toString())).isEqualTo(130);
    assertThat(out()).isEmpty();
  }

  @Test
  void runCommand_endsWithTheCommandsExitCode() {
    assertThat(runInputs("--", "./tool")).isEqualTo(6);
    assertThat(err()).isEmpty();
  }

  @Test
  void runCommand_namesTheOutputsOnStderrAndStoresThem() {
    assertThat(runInputs("--output", "out", "none", "--", "sh", "-c", "cat link > out")).isZero();

    String[] lines = err().split("\n", -1);
    assertThat(lines).hasSize(3);
    assertThat(lines[0]).matches("out  [0-9a-f]{64}/8");
    assertThat(lines[1]).isEqualTo("inputfs: output 'none' was not made");
    assertThat(run("cat", new CatCommand(), lines[0].substring(5))).isZero();
    assertThat(out()).isEqualTo("content\n");
    assertThat(inputs.resolve("out")).doesNotExist();
  }

  @Test
  void runCommand_anOutputDirectoryCanBeAnInputTree() {
    assertThat(runInputs("--output", "a", "--", "sh", "-c", "mkdir a; cp -P link tool a")).isZero();
    String root = err().strip().substring("a/  ".length());

    assertThat(run("run", new RunCommand(), "--root", root, "--", "./tool")).isEqualTo(6);
  }

  @Test
  void runCommand_withJson_printsOneObject() {
    int exitCode = runInputs("--json", "--output", "o", "--", "sh", "-c", "echo >o; exit 3");
    assertThat(exitCode).isEqualTo(3);

    JsonObject json = JsonParser.parseString(out()).getAsJsonObject();
    assertThat(json.get("exitCode").getAsInt()).isEqualTo(3);
    assertThat(json.get("end").getAsString()).isEqualTo("exited");
    JsonObject output = json.getAsJsonArray("outputs").get(0).getAsJsonObject();
    assertThat(output.get("path").getAsString()).isEqualTo("o");
    assertThat(output.get("digest").getAsString()).endsWith("/1");
    assertThat(json.getAsJsonObject("view").get("strategy").getAsString()).isEqualTo("copy");
    assertThat(json.getAsJsonObject("milliseconds").keySet())
        .containsExactly("import", "make", "run", "collect", "remove");
    assertThat(json.getAsJsonArray("failures")).isEmpty();
  }

  @Test
  void runCommand_withJson_whenItFails_printsOneObject() {
    String missing = "0".repeat(64) + "/3";

    assertThat(run("run", new RunCommand(), "--json", "--root", missing, "--", "true"))
        .isEqualTo(125);

    JsonObject json = JsonParser.parseString(out()).getAsJsonObject();
    assertThat(json.get("exitCode").getAsInt()).isEqualTo(125);
    assertThat(json.get("error").getAsString()).startsWith("missing blob blobs/" + missing);
  }

  @Test
  void runCommand_givesTheEnvironmentAskedFor() {
    String script = "test \"$A\" = 1 && test -z \"$HOME\"";
    assertThat(runInputs("--clean-env", "--env", "A=1", "--", "sh", "-c", script)).isZero();
    assertThat(runInputs("--env", "A=1", "--", "sh", "-c", "test $A = 1 && test -n \"$PATH\""))
        .isZero();
  }

  @Test
  void runCommand_startsInTheWorkingDirectory() {
    assertThat(runInputs("--working-directory", "dir", "--", "test", "-f", "file")).isZero();
    assertThat(runInputs("--working-directory", "none", "--", "true")).isEqualTo(125);
  }

  @Test
  void runCommand_whenTimeIsOver_endsWith124() {
    assertThat(runInputs("--timeout", "0.1", "--", "sleep", "90")).isEqualTo(124);
    assertThat(err()).isEqualTo("inputfs: the command was ended: its time was over\n");
  }

  @Test
  void runCommand_whenTheCommandCannotStart_saysSo() {
    assertThat(runInputs("--", "no-such-command")).isEqualTo(127);
    assertThat(err()).startsWith("inputfs: there is no command 'no-such-command'");
  }

  @Test
  void runCommand_onAStoreThatIsOnlyRead_putsOutputsInTheDefaultStore() throws IOException {
    String root = importInputs();
    List<String> before = contents(store);

    assertThat(
            run(
                "run",
                new RunCommand(),
                "--read-only-cas",
                "--root",
                root,
                "--output",
                "o",
                "--",
                "sh",
                "-c",
                "echo new > o"))
        .isZero();

    assertThat(contents(store)).isEqualTo(before);
    assertThat(contents(folder.resolve("default/cas"))).isNotEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-- true",
        "--inputs . --root 1 -- true",
        "--inputs .",
        "--inputs . --output ../x -- true",
        "--inputs . --output /x -- true",
        "--inputs . --working-directory .. -- true",
        "--inputs . --timeout 0 -- true",
        "--inputs . --timeout 1e99 -- true",
        "--inputs . --timeout soon -- true",
        "--inputs . --env A -- true",
        "--inputs . --no-such-option -- true",
        "--inputs",
        "--action 1 --output x",
        "--action 1 -- true",
      })
  void runCommand_whenTheArgumentsMakeNoSense_saysSoInOneLine(String arguments) {
    String[] words = arguments.isEmpty() ? new String[0] : arguments.split(" ", -1);

    assertThat(run("run", new RunCommand(), words)).isEqualTo(2);

    assertThat(err()).startsWith("inputfs: ").hasLineCount(1);
  }

  @Test
  void replay_ofAStoreWithoutActions_hasNothingToTell() {
    importInputs();

    assertThat(run("replay", new ReplayCommand())).isZero();
    assertThat(out()).endsWith("0 actions: 0 same, 0 differ, 0 failed\n");
  }

  @Test
  void replay_whenAnActionFails_saysNo() {
    importInputs();

    assertThat(run("replay", new ReplayCommand(), "--json", "0".repeat(64))).isEqualTo(1);

    JsonObject json = JsonParser.parseString(out()).getAsJsonObject();
    assertThat(json.get("failed").getAsInt()).isEqualTo(1);
    JsonObject row = json.getAsJsonArray("actions").get(0).getAsJsonObject();
    assertThat(row.get("verdict").getAsString()).isEqualTo("failed");
    assertThat(row.getAsJsonArray("details")).hasSize(1);
  }

  @Test
  void help_tellsTheExitCodes() {
    assertThat(Main.run("run", new RunCommand(), new String[] {"--help"}, context())).isZero();

    assertThat(out()).contains("124").contains("125").contains("126").contains("127");
  }

  /** Runs a command on the store of this test. */
  private int run(String name, Subcommand command, String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "--cas";
    all[1] = store.toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return Main.run(name, command, all, context());
  }

  private int runInputs(String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "--inputs";
    all[1] = inputs.toString();
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return run("run", new RunCommand(), all);
  }

  private String importInputs() {
    assertThat(run("import", new ImportCommand(), inputs.toString())).isZero();
    return out().strip();
  }

  private Context context() {
    out.reset();
    err.reset();
    Path own = folder.resolve("default");
    return new Context(
        new Console(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8)),
        new Folders(
            own,
            DigestFunction.SHA256,
            own.resolve("scratch"),
            own.resolve("inputfs"),
            mountPoints),
        new Copies(),
        Map.of("INPUTFS_CONFIG", ""),
        () -> interruption);
  }

  /** The one strategy that needs nothing from the machine. */
  private static final class Copies implements Strategies {
    @Override
    public ViewStrategy open(
        String name,
        TransportChoice transport,
        Posix posix,
        BlobSource blobs,
        TreeReader trees,
        Path scratch) {
      return new CopyStrategy(blobs, trees, List.of());
    }

    @Override
    public StrategySet all(
        TransportChoice transport, Posix posix, BlobSource blobs, TreeReader trees, Path own) {
      ViewStrategy copy = new CopyStrategy(blobs, trees, List.of());
      return new StrategySet(new LinkedHashMap<>(Map.of(copy.name(), copy)), copy);
    }
  }

  private String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private static List<String> contents(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.map(Path::toString).sorted().toList();
    }
  }
}
