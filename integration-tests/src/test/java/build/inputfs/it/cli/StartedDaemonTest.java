package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Commands with {@code INPUTFS_DAEMON=start}: the first starts a daemon, which stays. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class StartedDaemonTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void run_whereNoDaemonListens_startsOneForItselfAndOthers() throws IOException {
    Path source = bench.source(new InputTree().file("a", "x"));
    List<String> run = List.of("run", "--verbose", "--inputs", source.toString(), "--", "cat", "a");
    Outcome first = start(run).await(PATIENCE).ok();
    long daemon = keepDaemon();
    assertThat(first.out()).isEqualTo("x");
    assertThat(first.err()).contains("makes the view");
    assertThat(session(daemon)).isEqualTo(daemon);

    // The full parser knows options that the quick one leaves to it.
    List<String> other = new ArrayList<>(run);
    other.add(1, "--scratch-kind=disk");
    other.remove("--verbose");
    assertThat(start(other).await(PATIENCE).ok().out()).isEqualTo("x");
    assertThat(start(run).await(PATIENCE).ok().err()).contains("makes the view");
    assertThat(daemons()).containsExactly(daemon);
  }

  @Test
  void run_withAConfigurationFile_startsADaemonThatHasIt() throws IOException {
    Path source = bench.source(new InputTree().file("a", "x"));
    Path store = bench.fresh("store");
    Path file =
        Files.writeString(
            bench.folder().resolve("other.toml"), "[store]\npath = \"%s\"\n".formatted(store));
    List<String> run =
        List.of(
            "run",
            "--verbose",
            "--config",
            file.getFileName().toString(),
            "--inputs",
            source.toString(),
            "--",
            "cat",
            "a");
    Outcome first = start(run).await(PATIENCE).ok();
    var _ = keepDaemon();
    assertThat(first.out()).isEqualTo("x");
    assertThat(first.err()).contains("makes the view");
    assertThat(store.resolve("cas")).isNotEmptyDirectory();
  }

  @Test
  void mount_whereNoDaemonListens_startsOneThatStays() throws IOException {
    Path source = bench.source(new InputTree().file("a", "x"));
    String root = bench.inputfs("import", source.toString()).ok().out().strip();
    Path point = bench.fresh("point");
    Child mount = start(List.of("mount", "--verbose", root, point.toString()));
    bench.awaitMount(mount, point);
    long daemon = keepDaemon();
    assertThat(session(daemon)).isEqualTo(daemon);
    mount.signal("INT");
    Outcome outcome = mount.await(PATIENCE);
    assertThat(outcome.err()).contains("makes the view");
    assertThat(point).isEmptyDirectory();
    assertThat(daemons()).containsExactly(daemon);
  }

  private Child start(List<String> arguments) {
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.put("INPUTFS_SOCKET", socket());
    environment.put("INPUTFS_DAEMON", "start");
    return bench.keep(
        Child.start(bench.folder(), environment, bench.command(arguments.toArray(String[]::new))));
  }

  /** The one daemon that was started, which is ended with the test. */
  private long keepDaemon() {
    List<Long> all = daemons();
    assertThat(all).hasSize(1);
    ProcessHandle daemon = ProcessHandle.of(all.getFirst()).orElseThrow();
    bench.keep(
        () -> {
          daemon.destroy();
          daemon.onExit().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
          Files.delete(bench.cache().resolve("inputfs/scratch/daemon.log"));
        });
    return daemon.pid();
  }

  private List<Long> daemons() {
    return ProcFs.processesMentioning("daemon\0--socket\0" + socket()).stream()
        .map(process -> Long.parseLong(process.substring(0, process.indexOf(' '))))
        .toList();
  }

  /**
   * Field 6 of proc_pid_stat(5), the fourth after the name, which ends with the last parenthesis.
   */
  private static long session(long process) throws IOException {
    String stat = Files.readString(Path.of("/proc", Long.toString(process), "stat"));
    return Long.parseLong(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1)[3]);
  }

  private String socket() {
    return bench.folder().resolve("daemon.sock").toString();
  }
}
