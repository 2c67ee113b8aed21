package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.StoreSnapshot;
import build.inputfs.it.harness.Workbench;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The strategy {@code auto} where nothing can be mounted. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class LastResortTest {
  /** Root of a user namespace that may have no others below it, without the right to mount. */
  private static final String POWERLESS =
      "echo 0 > /proc/sys/user/max_user_namespaces"
          + " && exec setpriv --bounding-set=-sys_admin \"$@\"";

  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void run_whereNothingCanBeMounted_makesARealTreeAndSaysWhy() {
    Machine.needRoot();
    Machine.needProgram("unshare");
    Machine.needProgram("setpriv");
    BlobName root =
        new InputTree()
            .file("dir/a", "hello")
            .executable("run", "#!/bin/sh\nexit 7\n")
            .putInto(bench.store());
    StoreSnapshot before = StoreSnapshot.of(bench.store().folder().resolve("cas"));
    List<String> command =
        new ArrayList<>(List.of("unshare", "--map-root-user", "sh", "-c", POWERLESS, "sh"));
    command.addAll(
        bench.command(
            "run",
            "--verbose",
            "--cas",
            bench.store().folder().toString(),
            "--root",
            root.toString(),
            "--output",
            "dir",
            "--",
            "sh",
            "-ec",
            "echo more >> dir/a; ./run || echo $? > dir/code; rm run"));
    Outcome outcome =
        Child.run(bench.folder(), Duration.ofMinutes(3), bench.programEnvironment(), command).ok();
    assertThat(outcome.err())
        .containsSubsequence(
            "the strategy overlay does not work here: ",
            "the strategy fuse does not work here: ",
            "the strategy hardlink does not work here: root, who is to own the view",
            "views are made by the strategy clone",
            "dir/  ");
    assertThat(before.changesUntil(StoreSnapshot.of(bench.store().folder().resolve("cas"))))
        .isEmpty();
  }
}
