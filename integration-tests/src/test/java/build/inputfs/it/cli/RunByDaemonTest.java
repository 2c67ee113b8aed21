package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code inputfs run} in views of a daemon's: to the user all is as without one. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class RunByDaemonTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<List<String>> JOBS =
      List.of(
          List.of("--output", "out", "--", "sh", "-c", "echo 1 > out; exit 3"),
          List.of("--output", "missing", "--", "sh", "-c", "cat input.txt; echo err >&2"),
          List.of("--output", "d", "--", "sh", "-c", "mkdir -p d/e; ln -s f d/l; echo 1 > d/e/f"),
          List.of(
              "--strategy",
              "fuse",
              "--scratch-limit",
              "1MiB,3",
              "--",
              "sh",
              "-c",
              "dd if=/dev/zero of=x bs=64k count=100 2>&1 | head -1; rm x; mkdir b c d e; exit 7"),
          List.of("--strategy", "fuse", "--scratch-limit", "1MiB", "--", "sh", "-c", "echo > a"),
          List.of("--strategy", "copy", "--scratch-limit", "1MiB", "--", "true"),
          List.of("--", "sh", "-c", "kill -USR1 $$"),
          List.of("--", "./no-such-command"),
          List.of("--", "no-such-command"),
          List.of("--", "./input.txt"),
          List.of("--", "./run.sh"),
          List.of("--working-directory", "dir/sub", "--", "cat", "deep.txt"),
          List.of("--working-directory", "dir/none", "--", "true"),
          List.of("--clean-env", "--env", "A=1", "--env", "B=two  words", "--", "/usr/bin/env"),
          List.of("--timeout", "0.2", "--", "sh", "-c", "sleep 1000 & sleep 1000"),
          List.of("--", "sh", "-c", "(cd dir; exec sleep 1000) >/dev/null 2>&1 & echo started"));

  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void run_byADaemon_isAsInThisProcess() {
    startDaemon();
    String root = Trees.mixed().putInto(bench.store()).toString();
    for (List<String> job : JOBS) {
      assertThat(told(run("require", arguments(root, job))))
          .as("%s", job)
          .isEqualTo(told(run("never", arguments(root, job))));
    }
  }

  @Test
  void run_ofAnInputThatIsMissing_byADaemonIsToldAlike() {
    startDaemon();
    String root = Trees.mixed().putInto(bench.store()).toString();
    bench.store().delete(BlobName.of("aaa".getBytes(StandardCharsets.UTF_8)));
    List<String> job = arguments(root, List.of("--", "sh", "-c", "cat dir/a.txt 2>/dev/null"));
    List<String> told = told(run("require", job));
    assertThat(told).isEqualTo(told(run("never", job)));
    assertThat(told).first().isEqualTo("125");
    assertThat(told).last().asString().contains("missing blob", "--cas");
  }

  @Test
  void run_byADaemonAsJson_tellsTheSame() {
    startDaemon();
    String root = Trees.mixed().putInto(bench.store()).toString();
    List<String> job =
        arguments(
            root, List.of("--json", "--output", "o", "--", "sh", "-c", "echo 1 > o; echo out"));
    Outcome served = run("require", job).ok();
    Outcome alone = run("never", job).ok();
    assertThat(withoutMeasures(served.out())).isEqualTo(withoutMeasures(alone.out()));
    assertThat(served.out()).contains("\"outputs\"");
    assertThat(served.err()).isEqualTo(alone.err());
  }

  /** Each of these takes longer than all that the short command itself does. */
  @Test
  void run_byADaemon_loadsNothingThatStartsSlowly() throws IOException {
    startDaemon();
    String root = Trees.mixed().putInto(bench.store()).toString();
    Path loaded = bench.folder().resolve("loaded");
    Map<String, String> environment =
        Map.of("INPUTFS_JAVA_OPTS", "-Xlog:class+load:file=" + loaded);
    start("require", arguments(root, List.of("--", "true")), environment).await(PATIENCE).ok();
    assertThat(Files.readString(loaded))
        .contains(" build.inputfs.app.cli.QuickMain ", " com.kenai.jffi.internal.StubLoader ")
        .doesNotContain(
            " java.util.logging.LogManager ",
            " com.google.protobuf.",
            " picocli.",
            " io.grpc.",
            " jnr.ffi.");
  }

  @Test
  void run_byADaemon_handsSignalsToItsCommand() {
    startDaemon();
    String root = Trees.mixed().putInto(bench.store()).toString();
    String waiting = "trap 'echo told; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    Child child = start("require", arguments(root, List.of("--", "sh", "-c", waiting)));
    awaitOutput(child, "ready");
    child.signal("TERM");
    Outcome outcome = child.await(PATIENCE);
    assertThat(outcome.out()).isEqualTo("ready\ntold\n");
    assertThat(outcome.exit()).isEqualTo(9);
  }

  @Test
  void run_whoseDaemonIsKilled_endsTheCommandAndSaysSo() {
    Child daemon = daemon();
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    List<String> job = List.of("--strategy", "copy", "--", "sh", "-c", "pwd; sleep 1000");
    Child child = start("require", arguments(root, job));
    awaitOutput(child, "\n");
    daemon.signal("KILL");
    Outcome outcome = child.await(PATIENCE);
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.err()).startsWith("inputfs: the daemon has gone").hasLineCount(1);
    Outcome _ = bench.inputfs("unmount", child.out().strip()); // if it was a mount
    startDaemon(); // which removes what else the other has left
  }

  @Test
  void run_whenKilled_leavesNoView() {
    startDaemon();
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    List<String> job = List.of("--", "sh", "-c", "pwd; exec sleep 1000");
    Child child = start("require", arguments(root, job));
    awaitOutput(child, "\n");
    Path view = Path.of(child.out().strip());
    assertThat(view).exists();
    child.close();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (Files.exists(view)) {
      assertThat(System.nanoTime()).as("%s is still there", view).isLessThan(deadline);
      Workbench.pause();
    }
  }

  @Test
  void run_whereNoDaemonServesIt_saysWhyAndDoesWithout() {
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    List<String> job = arguments(root, List.of("--verbose", "--", "cat", "a"));
    assertThat(run("auto", job).ok().err()).contains("no daemon is used: none listens");
    assertThat(run("require", job).exit()).isEqualTo(125);

    startDaemon();
    assertThat(run("auto", job).ok().err()).contains("makes the view");
    assertThat(run("never", job).ok().err()).doesNotContain("makes the view");
    List<String> unwanted = new ArrayList<>(List.of("--no-daemon"));
    unwanted.addAll(job);
    assertThat(run("auto", unwanted).ok().err()).doesNotContain("makes the view");
    String otherStore = bench.fresh("store").toString();
    List<String> other = List.of("--verbose", "--cas", otherStore, "--root", root, "--", "cat");
    assertThat(run("auto", other).err()).contains("no daemon is used: its store is");
    List<String> scratch = new ArrayList<>(List.of("--scratch", bench.fresh("s").toString()));
    scratch.addAll(job);
    assertThat(run("auto", scratch).ok().err()).contains("it cannot serve --scratch");
  }

  private void startDaemon() {
    ListeningDaemon.keep(bench, store());
  }

  private Child daemon() {
    return ListeningDaemon.start(bench, store());
  }

  private static void awaitOutput(Child child, String text) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!child.out().contains(text)) {
      if (!child.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("it did not say '" + text + "': " + child.out() + child.err());
      }
      Workbench.pause();
    }
  }

  private List<String> arguments(String root, List<String> job) {
    List<String> arguments = new ArrayList<>(List.of("--cas", store(), "--root", root));
    arguments.addAll(job);
    return arguments;
  }

  private Outcome run(String daemon, List<String> arguments) {
    return start(daemon, arguments).await(PATIENCE);
  }

  private Child start(String daemon, List<String> arguments) {
    return start(daemon, arguments, Map.of());
  }

  private Child start(String daemon, List<String> arguments, Map<String, String> more) {
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.putAll(more);
    environment.putAll(ListeningDaemon.environment(bench, daemon));
    List<String> command = new ArrayList<>(bench.command("run"));
    command.addAll(arguments);
    return bench.keep(Child.start(bench.folder(), environment, command));
  }

  private static List<String> told(Outcome outcome) {
    return List.of(Integer.toString(outcome.exit()), outcome.out(), outcome.err());
  }

  /** What is not the same twice: times, and counters of what happened in the view. */
  private static String withoutMeasures(String json) {
    return json.replaceAll("(?s)\"milliseconds\".*?}", "")
        .replaceAll("(?s)\"counters\".*?}", "")
        .replaceAll("\"mechanism\".*", "");
  }

  private String store() {
    return bench.store().folder().toString();
  }
}
