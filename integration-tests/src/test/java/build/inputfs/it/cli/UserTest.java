package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@code inputfs run} by a user who may not mount: in a user and mount namespace of its own, or
 * where there is none by what else works.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class UserTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String OWNER = Machine.OTHER_USER + ":" + Machine.OTHER_USER;

  @RegisterExtension final Workbench bench = new Workbench();

  private final InputTree tree =
      new InputTree()
          .file("input.txt", "hello")
          .executable("tool", "#!/bin/sh\nexit 7\n")
          .file("dir/sub/deep", "deep");

  @BeforeEach
  void actAsUser() {
    bench.actFor(Strategy.OVERLAY_USER);
  }

  @Test
  void run_byAUser_takesOverlayAndSaysWhy() {
    Outcome outcome = run("--verbose").ok();
    assertThat(outcome.err()).contains("namespace was made", "by the strategy overlay");
  }

  @Test
  void command_isTheUserAndHasNoCapability() {
    Outcome outcome =
        sh(
            """
            id -u; id -g; stat -c %u:%g input.txt . /proc/$$/status
            touch made; stat -c %u:%g made
            grep -E 'Cap(Inh|Prm|Eff|Amb)' /proc/self/status
            mount -t tmpfs none dir 2>/dev/null || echo may not mount
            umount . 2>/dev/null || echo may not unmount
            env | grep -c INPUTFS_OWN_NAMESPACE
            """);
    String none = "0".repeat(16);
    assertThat(outcome.out().replace("\t", " ").lines())
        .containsExactly(
            "" + Machine.OTHER_USER,
            "" + Machine.OTHER_USER,
            OWNER,
            OWNER,
            OWNER,
            OWNER,
            "CapInh: " + none,
            "CapPrm: " + none,
            "CapEff: " + none,
            "CapAmb: " + none,
            "may not mount",
            "may not unmount",
            "0");
  }

  @Test
  void command_isBoundByModeBits() {
    Outcome outcome =
        sh(
            """
            (echo x >> input.txt) 2>/dev/null || echo input is read-only
            mkdir closed; chmod 0 closed
            touch closed/x 2>/dev/null || echo closed
            chmod u+w input.txt; echo x >> input.txt; cat input.txt
            rm -r dir; mkdir -p dir/sub; ls -A dir/sub
            """);
    assertThat(outcome.out()).isEqualTo("input is read-only\nclosed\nhellox\n");
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void command_movesAnInputDirectory_asMvDoesAcrossDisks() {
    assertThat(sh("mv dir moved; cat moved/sub/deep; ls").ok().out())
        .isEqualTo("deepinput.txt\nmoved\ntool\n");
  }

  @Test
  void command_seesFilesOfOthersAsNobodys_andSetUserIdDoesNothing() {
    Outcome outcome = sh("stat -c %U /etc/passwd; cp /usr/bin/id .; chmod u+s id; ./id -u").ok();
    assertThat(outcome.out()).isEqualTo("nobody\n" + Machine.OTHER_USER + "\n");
  }

  @Test
  void outputs_belongToTheUser() throws IOException {
    Outcome outcome = sh("mkdir out; cp tool out; echo made > out/made", "--output", "out").ok();
    assertThat(outcome.err()).contains("out/  ");
    try (var files = Files.walk(bench.store().folder())) {
      for (Path file : files.toList()) {
        assertThat(Files.getAttribute(file, "unix:uid")).as(file.toString()).isEqualTo(12_345);
      }
    }
  }

  @Test
  void view_isSeenByNobodyElse_andEndsWithAKilledRun() {
    Child run =
        bench.start(arguments("echo $PWD $$; echo x > written; chmod 0 dir; exec sleep 1000"));
    while (!run.out().contains("\n")) {
      assertThat(run.isAlive()).as(run.err()).isTrue();
      Workbench.pause();
    }
    String[] told = run.out().strip().split(" ", -1);
    Path view = Path.of(told[0]);
    assertThat(Child.run(view, PATIENCE, List.of("ls", "-A")).ok().out()).isEmpty();
    run.signal("KILL");
    run.await(PATIENCE);
    Child.run(Path.of("/"), PATIENCE, List.of("kill", "-KILL", told[1])).ok();
    assertThat(run("--verbose").ok().err()).contains("by the strategy overlay");
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void run_whereNamespacesAreUnwanted_fallsBackAndSaysWhy() {
    Outcome outcome = withEnvironment(Map.of("INPUTFS_NAMESPACE", "never"), "--verbose");
    assertThat(outcome.err()).contains("strategy overlay does not work", "INPUTFS_NAMESPACE");
    if (Machine.hasProgram("fusermount3")) {
      assertThat(outcome.ok().err()).contains("by the strategy fuse");
    }
    Messages.oneLine(
        withEnvironment(Map.of("INPUTFS_NAMESPACE", "never"), "--strategy", "overlay"),
        "INPUTFS_NAMESPACE");
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void run_byFuse_worksInTheNamespaceWithoutFusermount() {
    Outcome outcome = run("--verbose", "--strategy", "fuse").ok();
    assertThat(outcome.err()).contains("namespace was made", "through the page cache");
    assertThat(bench.leftovers()).isEmpty();
  }

  private Outcome run(String... options) {
    return sh("cat input.txt", options);
  }

  private Outcome sh(String script, String... options) {
    return bench.inputfs(arguments(script, options).toArray(String[]::new));
  }

  private Outcome withEnvironment(Map<String, String> more, String... options) {
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    List<String> command =
        bench.command(arguments("cat input.txt", options).toArray(String[]::new));
    environment.putAll(more);
    return Child.run(bench.folder(), PATIENCE, environment, command);
  }

  private List<String> arguments(String script, String... options) {
    List<String> arguments = new ArrayList<>(List.of("run"));
    arguments.addAll(List.of(options));
    arguments.addAll(
        List.of(
            "--cas",
            bench.store().folder().toString(),
            "--root",
            tree.putInto(bench.store()).toString(),
            "--",
            "sh",
            "-c",
            script));
    return arguments;
  }
}
