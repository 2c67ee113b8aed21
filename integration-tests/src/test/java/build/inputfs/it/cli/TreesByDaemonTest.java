package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Trees;
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

/** The commands that read trees, by a daemon: to the user all is as without one. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class TreesByDaemonTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String MISSING = "ab".repeat(32) + "/12";

  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void trees_readByADaemon_areAsInThisProcess() {
    ListeningDaemon.keep(bench, store());
    String root = Trees.mixed().putInto(bench.store()).toString();
    for (List<String> command :
        List.of(
            List.of("ls", root),
            List.of("ls", root, "-l"),
            List.of("ls", root, "dir/sub", "-l"),
            List.of("ls", root, "input.txt"),
            List.of("ls", root, "none"),
            List.of("ls", root, "input.txt/none"),
            List.of("ls", "nonsense"),
            List.of("tree", root),
            List.of("tree", root, "dir"),
            List.of("stat", root),
            List.of("stat", root, "input.txt"),
            List.of("cat", root, "input.txt"),
            List.of("cat", root, "dir"),
            List.of("cat", root))) {
      Outcome alone = inputfs("never", store(), command);
      Outcome served = inputfs("auto", store(), command);
      assertThat(served.exit()).as("%s", command).isEqualTo(alone.exit());
      assertThat(served.out()).as("%s", command).isEqualTo(alone.out());
      assertThat(served.err()).as("%s", command).isEqualTo(alone.err());
    }
  }

  @Test
  void cat_ofALargeFileByADaemon_printsAllOfIt() {
    ListeningDaemon.keep(bench, store());
    String content = "0123456789abcde\n".repeat(200_000) + "end";
    String root = new InputTree().file("large", content).putInto(bench.store()).toString();
    assertThat(inputfs("require", store(), List.of("cat", root, "large")).ok().out())
        .isEqualTo(content);
  }

  @Test
  void ls_ofWhatIsMissing_namesIt() {
    ListeningDaemon.keep(bench, store());
    Outcome outcome = inputfs("require", store(), List.of("ls", MISSING));
    assertThat(outcome.exit()).isEqualTo(125);
    Messages.oneLine(outcome, "missing blob blobs/" + MISSING);
  }

  @Test
  void trees_thatTheDaemonsRemoteHas_areFetched() throws IOException {
    ReapiServer remote = bench.keep(ReapiServer.start());
    String root = Trees.mixed().putInto(bench.store()).toString();
    bench.inputfs("push", root, "--cas", store(), "--remote", remote.address()).ok();
    String cold = bench.fresh("cold").toString();
    ListeningDaemon.keep(bench, cold, "--remote", remote.address());
    for (List<String> command : List.of(List.of("tree", root), List.of("cat", root, "input.txt"))) {
      assertThat(inputfs("require", cold, command).ok().out())
          .isEqualTo(inputfs("never", store(), command).ok().out());
    }
    assertThat(inputfs("never", cold, List.of("ls", root)).ok().out()).contains("input.txt");
  }

  @Test
  void trees_ofAnotherDigestFunction_areReadByADaemon() throws IOException {
    String store = bench.fresh("blake3").toString();
    Path folder = bench.fresh("inputs");
    var _ = Files.writeString(folder.resolve("a.txt"), "aaa");
    String[] make = {"import", folder.toString(), "--cas", store, "--digest-function", "blake3"};
    String root = bench.inputfs(make).ok().out().strip();
    ListeningDaemon.keep(bench, store);
    assertThat(inputfs("require", store, List.of("stat", root)).ok().out())
        .isEqualTo(inputfs("never", store, List.of("stat", root)).ok().out())
        .contains("1 file");
  }

  @Test
  void trees_whereNoDaemonServesThem_areReadWithout() {
    String root = Trees.mixed().putInto(bench.store()).toString();
    List<String> verbosely = List.of("ls", root, "--verbose");
    assertThat(inputfs("auto", store(), verbosely).ok().err()).contains("none listens");
    assertThat(inputfs("require", store(), verbosely).exit()).isEqualTo(125);
    ListeningDaemon.keep(bench, store());
    assertThat(inputfs("auto", store(), verbosely).ok().err()).contains("reads the tree");
    List<String> hash = List.of("ls", root.substring(0, root.indexOf('/')), "--verbose");
    assertThat(inputfs("auto", store(), hash).ok().err()).contains("size is not given");
    String other = bench.fresh("other").toString();
    assertThat(inputfs("auto", other, verbosely).err()).contains("its store is");
    List<String> without = List.of("ls", root, "--no-daemon", "--verbose");
    assertThat(inputfs("require", store(), without).ok().err()).doesNotContain("daemon at");
  }

  private Outcome inputfs(String daemon, String store, List<String> command) {
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.putAll(ListeningDaemon.environment(bench, daemon));
    List<String> all = new ArrayList<>(bench.command(command.getFirst()));
    all.addAll(command.subList(1, command.size()));
    all.addAll(List.of("--cas", store));
    return bench.keep(Child.start(bench.folder(), environment, all)).await(PATIENCE);
  }

  private String store() {
    return bench.store().folder().toString();
  }
}
