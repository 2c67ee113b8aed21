package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code inputfs mount} of views of a daemon's: to the user all is as without one. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class MountByDaemonTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String MISSING = "ab".repeat(32) + "/12";

  @RegisterExtension final Workbench bench = new Workbench();

  @ParameterizedTest
  @EnumSource(names = {"FUSE", "OVERLAY", "COPY"})
  void mount_byADaemon_isAsInThisProcess(Strategy strategy) {
    Machine.need(strategy);
    startDaemon();
    BlobName root = Trees.mixed().putInto(bench.store());
    List<String> alone = mountAndEnd("never", root, strategy, "signal");
    assertThat(alone).contains("hello, world", "mounted " + root + " on POINT\n");
    for (String end : List.of("signal", "unmount", "umount")) {
      assertThat(mountAndEnd("require", root, strategy, end)).as(end).isEqualTo(alone);
    }
  }

  /** What is seen of a view that is mounted, used and ended. */
  private List<String> mountAndEnd(String daemon, BlobName root, Strategy strategy, String end) {
    List<String> told = new ArrayList<>();
    Path point = bench.fresh("point");
    Child mount = mount(daemon, root, point, "--strategy", strategy.option());
    told.add(in(point, "cat input.txt").strip());
    told.add(in(point, "rm twin-1; mv dir moved; echo new > moved/a; find . | sort"));
    switch (end) {
      case "signal" -> mount.signal("INT");
      case "unmount" -> bench.inputfs("unmount", point.toString()).ok();
      default -> Child.run(bench.folder(), PATIENCE, List.of("umount", point.toString())).ok();
    }
    Outcome outcome = mount.await(PATIENCE);
    told.add(Integer.toString(outcome.exit()));
    told.add(outcome.out().replace(point.toString(), "POINT"));
    told.add(outcome.err());
    assertThat(point).isEmptyDirectory();
    return told;
  }

  @Test
  void mount_readOnlyByADaemon_refusesWrites() {
    startDaemon();
    Path point = bench.fresh("point");
    BlobName root = Trees.mixed().putInto(bench.store());
    Child mount = mount("require", root, point, "--read-only");
    assertThat(in(point, "touch new 2>&1 || true")).contains("Read-only file system");
    mount.signal("TERM");
    mount.await(PATIENCE);
  }

  @Test
  void mount_thatMakesNoSense_isRefusedAlike() {
    startDaemon();
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    Path full = bench.fresh("full");
    in(full, "touch file");
    String point = bench.fresh("point").toString();
    List<List<String>> wrong =
        List.of(
            List.of(root, bench.folder().resolve("missing").toString()),
            List.of(root, full.toString()),
            List.of(root, full.resolve("file").toString()),
            List.of(root, point, "--strategy", "none"),
            List.of("ab", point));
    for (List<String> arguments : wrong) {
      Outcome served = start("auto", arguments).await(PATIENCE);
      Outcome alone = start("never", arguments).await(PATIENCE);
      assertThat(served.exit()).as("%s", arguments).isEqualTo(alone.exit());
      assertThat(served.err()).as("%s", arguments).isEqualTo(alone.err());
      assertThat(served.out()).isEmpty();
    }
  }

  @Test
  void mount_ofATreeThatIsMissing_namesItsRoot() {
    startDaemon();
    Outcome outcome =
        start("require", List.of(MISSING, bench.fresh("point").toString())).await(PATIENCE);
    assertThat(outcome.exit()).isEqualTo(125);
    Messages.oneLine(outcome, "missing blob blobs/" + MISSING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "TERM"})
  void mount_whoseDaemonEnds_endsAndSaysSo(String signal) {
    Child daemon = daemon();
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    Path point = bench.fresh("point");
    Child mount = mount("require", root, point);
    daemon.signal(signal);
    Outcome outcome = mount.await(PATIENCE);
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.err()).startsWith("inputfs: the daemon has ").hasLineCount(1);
    daemon.await(PATIENCE);
    if (signal.equals("KILL")) {
      bench.inputfs("unmount", point.toString()).ok();
      // Here alone: other tests have mounts that are to be found, too.
      bench.inputfs("reap", "--scratch", bench.cache().resolve("inputfs/scratch").toString()).ok();
      startDaemon(); // which removes what else the other has left
    }
    assertThat(point).isEmptyDirectory();
  }

  @Test
  void mount_whenKilled_leavesNoView() {
    startDaemon();
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    Path point = bench.fresh("point");
    Child mount = mount("require", root, point);
    mount.signal("KILL");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (Files.exists(point.resolve("a"))) {
      assertThat(System.nanoTime()).as("%s is still there", point).isLessThan(deadline);
      Workbench.pause();
    }
  }

  @Test
  void mount_whereNoDaemonServesIt_saysWhyAndDoesWithout() {
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    assertThat(mountVerbosely("auto", root)).contains("no daemon is used: none listens");
    List<String> asked = List.of(root.toString(), bench.fresh("point").toString());
    assertThat(start("require", asked).await(PATIENCE).exit()).isEqualTo(125);

    startDaemon();
    assertThat(mountVerbosely("auto", root)).contains("makes the view");
    assertThat(mountVerbosely("never", root)).doesNotContain("makes the view");
    assertThat(mountVerbosely("auto", root, "--no-daemon")).doesNotContain("makes the view");
    String scratch = bench.fresh("scratch").toString();
    assertThat(mountVerbosely("auto", root, "--scratch", scratch))
        .contains("no daemon is used: it cannot serve --scratch");
  }

  private String mountVerbosely(String daemon, BlobName root, String... options) {
    Path point = bench.fresh("point");
    List<String> all = new ArrayList<>(List.of("--verbose"));
    all.addAll(List.of(options));
    Child mount = mount(daemon, root, point, all.toArray(String[]::new));
    assertThat(in(point, "cat a")).isEqualTo("x");
    mount.signal("TERM");
    return mount.await(PATIENCE).err();
  }

  private Child mount(String daemon, BlobName root, Path point, String... options) {
    List<String> arguments = new ArrayList<>(List.of(root.toString(), point.toString()));
    arguments.addAll(List.of(options));
    Child mount = start(daemon, arguments);
    bench.awaitMount(mount, point);
    return mount;
  }

  private Child start(String daemon, List<String> arguments) {
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.putAll(ListeningDaemon.environment(bench, daemon));
    List<String> command = new ArrayList<>(bench.command("mount"));
    command.addAll(List.of("--cas", bench.store().folder().toString()));
    command.addAll(arguments);
    return bench.keep(Child.start(bench.folder(), environment, command));
  }

  private String in(Path folder, String script) {
    return Child.run(folder, PATIENCE, List.of("sh", "-c", script)).ok().out();
  }

  private void startDaemon() {
    ListeningDaemon.keep(bench, bench.store().folder().toString());
  }

  private Child daemon() {
    return ListeningDaemon.start(bench, bench.store().folder().toString());
  }
}
