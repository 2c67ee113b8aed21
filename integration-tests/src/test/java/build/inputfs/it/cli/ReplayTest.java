package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.StoreSnapshot;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.TestStore;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * {@code inputfs replay} of the actions of a small build by Bazel: compile, link and genrule. Its
 * two genrules write the date, so they differ; the others come out bit for bit with Debian 12's
 * gcc.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "OVERLAY", "OVERLAY_USER"})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ReplayTest {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final String COMPILER = "12.2.0-14+deb12u";

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  @BeforeEach
  void needsStrategyAndTheCompiler() {
    bench.actFor(strategy);
    String version = Machine.versionOf("/usr/bin/gcc");
    Machine.need(
        version.contains(COMPILER),
        "the actions were recorded with gcc " + COMPILER + "*, and here is " + version);
  }

  @Test
  void replay_ofARecordedBuild_givesTheSameResults() throws Exception {
    Path store = recordedStore();
    StoreSnapshot before = StoreSnapshot.of(store);
    Outcome outcome =
        bench.inputfs("replay", "--strategy", strategy.option(), "--cas", store.toString());
    assertThat(outcome.lastLine()).isEqualTo("8 actions: 6 same, 2 differ, 0 failed");
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out().lines().filter(line -> line.endsWith(" same"))).hasSize(6);
    assertThat(StoreSnapshot.of(store)).isEqualTo(before);
  }

  @Test
  void replayAndRun_byADaemon_giveTheSameResults() throws Exception {
    Machine.need(strategy != Strategy.OVERLAY_USER, "a user's own namespace hides the daemon");
    String store = recordedStore().toString();
    String socket = bench.folder().resolve("daemon.sock").toString();
    Child daemon = bench.start(List.of("daemon", "--socket", socket, "--cas", store));
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
    environment.put("INPUTFS_SOCKET", socket);
    environment.put("INPUTFS_DAEMON", "require");
    List<String> options = List.of("--strategy", strategy.option(), "--cas", store);
    List<String> replay = bench.command("replay");
    replay.addAll(options);
    Outcome outcome = Child.run(bench.folder(), PATIENCE, environment, replay);
    assertThat(outcome.lastLine()).isEqualTo("8 actions: 6 same, 2 differ, 0 failed");
    assertThat(outcome.exit()).isEqualTo(1);

    Path action = blobsBelow(Path.of(store, "ac")).getFirst();
    List<String> run = bench.command("run", "--action", action.getFileName().toString());
    run.addAll(options);
    Outcome served = Child.run(bench.folder(), PATIENCE, environment, run).ok();
    environment.put("INPUTFS_DAEMON", "never");
    Outcome alone = Child.run(bench.folder(), PATIENCE, environment, run).ok();
    assertThat(served.err().replaceAll("[0-9a-f]{64}/[0-9]+", "DIGEST"))
        .isEqualTo(alone.err().replaceAll("[0-9a-f]{64}/[0-9]+", "DIGEST"))
        .contains("DIGEST");
  }

  @Test
  void replay_asJson_tellsOfEachAction() throws Exception {
    Outcome outcome =
        bench.inputfs(
            "replay",
            "--strategy",
            strategy.option(),
            "--json",
            "--cas",
            recordedStore().toString());
    assertThat(outcome.out().split("\"verdict\": \"same\"", -1)).hasSize(1 + 6);
    assertThat(outcome.out()).contains("\"same\": 6", "\"differ\": 2", "\"failed\": 0");
  }

  @Test
  void replay_whenAnInputIsMissing_saysWhichFailed() throws Exception {
    Path store = recordedStore();
    List<String> actions;
    try (var files = Files.list(store.resolve("ac"))) {
      actions = files.map(path -> path.getFileName().toString()).toList();
    }
    assertThat(actions).isNotEmpty();
    // The sources of the build are the blobs that begin as C does.
    int removed = 0;
    for (Path blob : blobs(store)) {
      String text = Files.readString(blob, java.nio.charset.StandardCharsets.ISO_8859_1);
      if (text.startsWith("#include")) {
        Files.delete(blob);
        removed++;
      }
    }
    assertThat(removed).isPositive();
    Outcome outcome =
        bench.inputfs("replay", "--strategy", strategy.option(), "--cas", store.toString());
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.lastLine()).doesNotContain("0 failed");
    assertThat(outcome.out()).contains("blobs/");
  }

  @Test
  void run_ofARecordedAction_makesItsOutputs() throws Exception {
    Path store = recordedStore();
    int ran = 0;
    for (Path result : blobsBelow(store.resolve("ac"))) {
      Outcome outcome =
          bench.inputfs(
              "run",
              "--strategy",
              strategy.option(),
              "--cas",
              store.toString(),
              "--action",
              result.getFileName().toString());
      assertThat(outcome.exit()).as(outcome.toString()).isZero();
      ran++;
    }
    assertThat(ran).isEqualTo(8);
    assertThat(bench.leftovers()).isEmpty();
  }

  /** A copy of the recorded store in this test's folder. */
  private Path recordedStore() throws IOException, URISyntaxException {
    URL recorded = ReplayTest.class.getResource("bazel-actions");
    assertThat(recorded).isNotNull();
    Path from = Path.of(recorded.toURI());
    TestStore to = bench.store();
    for (Path file : blobsBelow(from)) {
      Path copy = to.folder().resolve(from.relativize(file).toString());
      Files.createDirectories(copy.getParent());
      Files.copy(file, copy);
    }
    return bench.store().folder();
  }

  private static List<Path> blobs(Path store) throws IOException {
    return blobsBelow(store.resolve("cas"));
  }

  private static List<Path> blobsBelow(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
