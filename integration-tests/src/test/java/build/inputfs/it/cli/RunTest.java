package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.StoreSnapshot;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code inputfs run} of a command in a view of a directory or a tree of the store. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "OVERLAY", "OVERLAY_USER", "COPY"})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class RunTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  @BeforeEach
  void needsStrategy() {
    bench.actFor(strategy);
  }

  @Test
  void run_overSystemHeaders_countsThemAndLeavesThemUntouched() throws IOException {
    Path headers = Path.of("/usr/include");
    Machine.need(Files.isDirectory(headers), "there is no /usr/include");
    String find = "find . -name '*.h' | wc -l";
    StoreSnapshot before = StoreSnapshot.of(headers);
    Outcome outcome =
        bench
            .inputfs(
                "run",
                "--strategy",
                strategy.option(),
                "--cas",
                store(),
                "--inputs",
                headers.toString(),
                "--output",
                "n.txt",
                "--",
                "sh",
                "-c",
                find + " > n.txt")
            .ok();
    String expected =
        Child.run(headers, Duration.ofMinutes(3), List.of("sh", "-c", find)).ok().out();
    assertThat(contentOf(outputDigest(outcome, "n.txt"))).isEqualTo(expected);
    assertThat(StoreSnapshot.of(headers)).isEqualTo(before);
  }

  @Test
  void run_ofADirectory_neverChangesIt() {
    Path source = bench.source(Trees.mixed());
    StoreSnapshot before = StoreSnapshot.of(source);
    bench
        .inputfs(
            "run",
            "--strategy",
            strategy.option(),
            "--cas",
            store(),
            "--inputs",
            source.toString(),
            "--",
            "sh",
            "-ec",
            "chmod -R u+w .; echo more >> input.txt; rm -r dir; mkdir dir; test -s big")
        .ok();
    assertThat(StoreSnapshot.of(source)).isEqualTo(before);
  }

  @Test
  void run_handsThroughStreamsAndExitCode() {
    Outcome outcome =
        shell(
            ("printf 'from stdin' | %s run --strategy %s --cas %s --root %s -- sh -c"
                    + " 'cat; echo; cat input.txt; echo to stderr >&2; exit 42'")
                .formatted(String.join(" ", bench.command()), strategy.option(), store(), root()));
    assertThat(outcome.exit()).isEqualTo(42);
    assertThat(outcome.out()).isEqualTo("from stdin\nhello, world");
    assertThat(outcome.err()).isEqualTo("to stderr\n");
  }

  @Test
  void run_whenASignalEndsTheCommand_saysSoByItsExitCode() {
    assertThat(run("sh", "-c", "kill -USR1 $$").exit()).isEqualTo(128 + 10);
  }

  @Test
  void run_ofNoSuchCommand_endsWith127() {
    Outcome outcome = run("./no-such-command");
    assertThat(outcome.exit()).isEqualTo(127);
    assertThat(outcome.err()).contains("no-such-command");
  }

  @Test
  void run_ofAFileThatIsNotExecutable_endsWith126() {
    assertThat(run("./input.txt").exit()).isEqualTo(126);
  }

  @Test
  void run_ofAnInputExecutable_runsIt() {
    assertThat(run("./run.sh").exit()).isEqualTo(7);
  }

  @Test
  void run_startsInTheRootOfTheView() {
    Outcome outcome = run("sh", "-c", "ls | head -2; pwd").ok();
    assertThat(outcome.out()).startsWith("absolute\nbig\n");
    assertThat(outcome.lastLine()).startsWith("/");
  }

  @Test
  void run_inAWorkingDirectory_startsThere() {
    Outcome outcome =
        bench.run(strategy, root(), "--working-directory", "dir/sub", "--", "cat", "deep.txt");
    assertThat(outcome.ok().out()).isEqualTo("deep");
  }

  @Test
  void run_withAnEnvironment_givesThatToTheCommand() {
    Outcome outcome =
        bench.run(
            strategy,
            root(),
            "--clean-env",
            "--env",
            "A=1",
            "--env",
            "B=two words",
            "--",
            "/usr/bin/env");
    assertThat(outcome.ok().out().lines().filter(line -> !line.startsWith("PWD=")))
        .containsExactlyInAnyOrder("A=1", "B=two words");
  }

  @Test
  void run_pastItsTime_endsTheCommandAndAllThatItStarted() {
    Outcome outcome =
        bench.run(
            strategy, root(), "--timeout", "0.5", "--", "sh", "-c", "sleep 1000 & sleep 1000");
    assertThat(outcome.exit()).isEqualTo(124);
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void run_whoseCommandLeavesAProcess_endsIt() {
    run("sh", "-c", "(cd dir; exec sleep 1000) >/dev/null 2>&1 & echo started").ok();
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void run_collectsFilesDirectoriesAndSymlinks() throws IOException {
    Outcome outcome =
        bench
            .run(
                strategy,
                root(),
                "--output",
                "new/deep/file",
                "tree",
                "input.txt",
                "link",
                "--json",
                "--",
                "sh",
                "-ec",
                """
                test -d new/deep
                echo made > new/deep/file
                mkdir -p tree/sub
                echo 1 > tree/one
                cp run.sh tree/sub/tool
                ln -s one tree/link
                ln -s input.txt link
                echo this goes to stderr
                """)
            .ok();
    assertThat(outcome.err()).contains("this goes to stderr");
    assertThat(outcome.out()).contains("\"exitCode\": 0");
    assertThat(contentOf(BlobName.of(bytes("made\n")))).isEqualTo("made\n");
    // An input that is an output too, and is in the store already.
    assertThat(outcome.out()).contains(BlobName.of(bytes("hello, world")).toString());
    BlobName treeRoot =
        new InputTree()
            .file("one", "1\n")
            .executable("sub/tool", "#!/bin/sh\nexit 7\n")
            .symlink("link", "one")
            .putInto(bench.store());
    assertThat(bench.inputfs("tree", treeRoot.toString(), "--cas", store()).ok().out())
        .contains("tool");
    assertThat(outcome.out()).contains("\"target\": \"input.txt\"");
    assertThat(bench.inputfs("cat", treeRoot.toString(), "one", "--cas", store()).ok().out())
        .isEqualTo("1\n");
  }

  @Test
  void run_whoseOutputIsNotMade_saysSo() {
    Outcome outcome = bench.run(strategy, root(), "--output", "never", "--", "true");
    assertThat(outcome.err()).contains("never");
    assertThat(outcome.exit()).isZero();
  }

  @Test
  void run_whoseOutputsAreExecutable_keepsThemSo() {
    BlobName root =
        new InputTree().executable("tool", "#!/bin/sh\nexit 3\n").putInto(bench.store());
    Outcome outcome =
        bench
            .run(
                strategy,
                root.toString(),
                "--output",
                "out",
                "--json",
                "--",
                "sh",
                "-c",
                "mkdir out && cp tool out/a && cat tool > out/b")
            .ok();
    String tree =
        new InputTree()
            .executable("a", "#!/bin/sh\nexit 3\n")
            .file("b", "#!/bin/sh\nexit 3\n")
            .putInto(bench.store())
            .toString();
    assertThat(outcome.out()).contains("\"root\": \"" + tree + "\"");
  }

  @Test
  void run_twiceAtOnce_ofOneStore_works() {
    String[] arguments = {
      "run",
      "--strategy",
      strategy.option(),
      "--cas",
      store(),
      "--root",
      root(),
      "--",
      "sh",
      "-c",
      "sleep 0.2; cat input.txt run.sh"
    };
    List<Child> children = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      children.add(bench.start(List.of(arguments)));
    }
    for (Child child : children) {
      assertThat(child.await(Duration.ofMinutes(2)).ok().out())
          .isEqualTo("hello, world#!/bin/sh\nexit 7\n");
    }
  }

  @Test
  void run_onAStoreThatIsOnlyRead_changesNothingInIt() {
    String root = root();
    StoreSnapshot before = StoreSnapshot.of(bench.store().folder());
    Outcome outcome =
        bench
            .inputfs(
                "run",
                "--strategy",
                strategy.option(),
                "--cas",
                store(),
                "--read-only-cas",
                "--root",
                root,
                "--output",
                "made",
                "--",
                "sh",
                "-c",
                "./run.sh; echo made > made")
            .ok();
    StoreSnapshot after = StoreSnapshot.of(bench.store().folder());
    assertThat(after).isEqualTo(before);
    BlobName made = outputDigest(outcome, "made");
    assertThat(bench.inputfs("cat", made.toString()).ok().out()).isEqualTo("made\n");
  }

  private Outcome run(String... command) {
    List<String> arguments = new ArrayList<>(bench.runOf(strategy, root(), "--"));
    arguments.addAll(List.of(command));
    return bench.inputfs(arguments.toArray(String[]::new));
  }

  private Outcome shell(String script) {
    return Child.run(
        bench.folder(),
        Duration.ofMinutes(2),
        bench.programEnvironment(),
        List.of("sh", "-c", script));
  }

  private String root() {
    return Trees.mixed().putInto(bench.store()).toString();
  }

  private String store() {
    return bench.store().folder().toString();
  }

  private String contentOf(BlobName blob) throws IOException {
    return Files.readString(bench.store().file(blob));
  }

  /** From the line on stderr that names the output. */
  private static BlobName outputDigest(Outcome outcome, String path) {
    return outcome
        .err()
        .lines()
        .filter(line -> line.startsWith(path + " "))
        .map(line -> BlobName.parse(line.substring(path.length()).strip()))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no digest of " + path + " in " + outcome));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
