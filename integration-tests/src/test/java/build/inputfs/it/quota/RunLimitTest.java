package build.inputfs.it.quota;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Disk;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
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

/** What {@code run} says of limits. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RunLimitTest {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @RegisterExtension final Workbench bench = new Workbench();

  private Outcome run(Strategy strategy, List<String> options, String script) {
    return run(strategy, options, script, bench.programEnvironment());
  }

  private Outcome run(
      Strategy strategy, List<String> options, String script, Map<String, String> environment) {
    bench.need(strategy);
    List<String> arguments = new ArrayList<>(List.of("run", "--strategy", strategy.option()));
    arguments.addAll(List.of("--cas", bench.store().folder().toString(), "--root"));
    arguments.add(new InputTree().file("a", "content").putInto(bench.store()).toString());
    arguments.addAll(options);
    arguments.addAll(List.of("--", "sh", "-c", script));
    List<String> command = bench.command(arguments.toArray(String[]::new));
    return bench.keep(Child.start(bench.folder(), environment, command)).await(PATIENCE);
  }

  @Test
  void run_whenALimitIsReached_saysWhichAndKeepsTheCommandsExitCode() {
    String script =
        "dd if=/dev/zero of=x bs=64k count=100 2>/dev/null; rm x;"
            + " mkdir b c d e f 2>/dev/null; echo out > a/../o; exit 7";
    List<String> options = List.of("--scratch-limit", "1MiB,3", "--json", "--output", "o");
    Outcome outcome = run(Strategy.FUSE, options, script);
    assertThat(outcome.exit()).isEqualTo(7);
    assertThat(outcome.err())
        .contains("inputfs: the scratch's limit of 1,048,576 bytes was reached\n")
        .contains("inputfs: the scratch's limit of 3 files was reached\n");
    assertThat(outcome.out().replaceAll("\\s", ""))
        .contains(
            "\"limits\":[{\"limit\":\"bytes\",\"allowed\":1048576,\"refused\":true},"
                + "{\"limit\":\"files\",\"allowed\":3,\"refused\":true}]");
  }

  @Test
  void run_withinTheLimits_saysNothing() {
    Outcome outcome =
        run(Strategy.FUSE, List.of("--scratch-limit", "1MiB,3"), "echo x > b; cat b").ok();
    assertThat(outcome.out()).isEqualTo("x\n");
    assertThat(outcome.err()).isEmpty();
  }

  @Test
  void run_whereNothingRefuses_endsTheCommandThatHasPassedALimit() {
    Disk disk = Disk.EXT4; // without project quotas
    Path scratch = bench.small(disk, 64 << 20);
    Outcome outcome =
        run(
            Strategy.OVERLAY,
            List.of("--scratch", scratch.toString(), "--scratch-limit", "1MiB", "--verbose"),
            "dd if=/dev/zero of=x bs=1M count=3 status=none; sleep 60; echo NOT ENDED");
    assertThat(outcome.exit()).isEqualTo(128 + 15);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .contains("the scratch's limit of 1,048,576 bytes was passed, and the command was ended\n")
        .contains("scratch watched");
  }

  @Test
  void run_byADaemonWhereNothingRefuses_endsTheCommandAllTheSame() {
    Path scratch = bench.small(Disk.EXT4, 64 << 20);
    Outcome outcome =
        run(
            Strategy.OVERLAY,
            List.of("--scratch-limit", "1MiB"),
            "dd if=/dev/zero of=x bs=1M count=3 status=none; sleep 60; echo NOT ENDED",
            withDaemon("--scratch", scratch.toString()));
    assertThat(outcome.exit()).as(outcome.toString()).isEqualTo(128 + 15);
    assertThat(outcome.out()).isEmpty();
    assertThat(outcome.err())
        .contains("the scratch's limit of 1,048,576 bytes was passed, and the command was ended\n");
  }

  @Test
  void run_inMemoryByADaemon_saysWhichLimitWasReached() {
    Outcome outcome =
        run(
            Strategy.OVERLAY,
            List.of("--scratch-kind", "tmpfs", "--scratch-limit", "1MiB,20"),
            "dd if=/dev/zero of=x bs=64k count=100 2>/dev/null; sleep 5; rm x; cat a",
            withDaemon());
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
    assertThat(outcome.out()).isEqualTo("content");
    assertThat(outcome.err())
        .contains("inputfs: the scratch's limit of 1,048,576 bytes was reached\n");
  }

  /** Starts a daemon; the environment in which commands have to use it. */
  private Map<String, String> withDaemon(String... options) {
    Path socket = bench.folder().resolve("daemon.sock");
    List<String> command = new ArrayList<>(List.of("daemon", "--socket", socket.toString()));
    command.addAll(List.of("--cas", bench.store().folder().toString()));
    command.addAll(List.of(options));
    Child daemon = bench.start(command);
    bench.keep(
        () -> {
          daemon.signal("TERM");
          daemon.await(PATIENCE).ok();
        });
    while (daemon.out().isEmpty()) {
      assertThat(daemon.isAlive()).as("%s", daemon.err()).isTrue();
      Workbench.pause();
    }
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.put("INPUTFS_SOCKET", socket.toString());
    environment.put("INPUTFS_DAEMON", "require");
    return environment;
  }

  @Test
  void run_inMemory_saysSoAndWhichLimitWasReached() {
    Outcome outcome =
        run(
            Strategy.OVERLAY,
            List.of("--scratch-kind", "tmpfs", "--scratch-limit", "1MiB,20", "--verbose"),
            "dd if=/dev/zero of=x bs=64k count=100 2>/dev/null; sleep 5; rm x; cat a");
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
    assertThat(outcome.err())
        .contains("inputfs: the scratch's limit of 1,048,576 bytes was reached\n")
        .contains(", tmpfs)");
  }

  @Test
  void run_byAStrategyThatCannotLimit_isRefused() {
    for (List<String> options :
        List.of(List.of("--scratch-limit", "1MiB"), List.of("--scratch-kind", "tmpfs"))) {
      Outcome outcome = run(Strategy.COPY, options, "true");
      assertThat(outcome.exit()).isEqualTo(125);
      assertThat(outcome.err()).contains("the strategy copy cannot limit its scratch");
    }
  }

  @Test
  void limit_thatIsNone_isRefused() {
    for (String wrong : List.of("", "x", "1.5.5M", "-1", "1M,", "99999999999T", "1M,2,3")) {
      Outcome outcome = run(Strategy.FUSE, List.of("--scratch-limit", wrong), "true");
      assertThat(outcome.exit()).as(wrong).isEqualTo(2);
      assertThat(outcome.err())
          .contains("--scratch-limit takes a size such as 500MB or 2GiB,10000");
    }
  }
}
