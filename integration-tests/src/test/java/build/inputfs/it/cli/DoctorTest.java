package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@code inputfs doctor} claims, against machines that are as it says. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class DoctorTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** A /dev without fuse. */
  private static final String NO_DEVICE =
      "mkdir dev && for n in null zero full random urandom; do cp -a /dev/$n dev/; done"
          + " && mount --bind dev /dev && exec \"$@\"";

  private static final String NO_FUSERMOUNT =
      "mount --bind /dev/null $(command -v fusermount3) && exec \"$@\"";

  /** Root of a user namespace that may have no others below it, without the right to mount. */
  private static final String NO_NAMESPACES =
      "echo 0 >/proc/sys/user/max_user_namespaces"
          + " && exec setpriv --bounding-set=-sys_admin \"$@\"";

  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void doctor_whereAllWorks_saysSoAndLeavesNothing() {
    Machine.needRoot();
    Machine.need(Strategy.OVERLAY);
    Outcome outcome = doctor(List.of()).ok();
    assertThat(outcome.out())
        .containsPattern("/dev/fuse +works")
        .containsPattern("hard links, store to scratch +works")
        .containsPattern("limits, scratch +(works|limited)")
        .containsPattern("\n  overlay +works +overlay of 1 forest directory")
        .containsPattern("\n  fuse +works")
        .containsPattern("hardlink +limited .*root can write to the store's own files")
        .containsPattern("\n  copy +works")
        .containsPattern("auto +takes overlay")
        .endsWith("leftovers\n  none\n");
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void doctor_asJson_isOneObject() {
    Outcome outcome = doctor(List.of(), "--json");
    assertThat(outcome.out())
        .startsWith("{\n  \"works\": true,\n  \"machine\": [")
        .contains("\"what\": \"copy\"", "\"leftovers\": []")
        .endsWith("}\n");
  }

  @Test
  void doctor_withoutTheDevice_saysWhatWorksInstead() {
    Machine.needRoot();
    Outcome outcome = doctor(wrapped("--mount", NO_DEVICE)).ok();
    assertThat(outcome.out())
        .containsPattern("/dev/fuse +does not work +/dev/fuse does not exist")
        .contains("modprobe fuse")
        .containsPattern("\n  overlay +does not work +/dev/fuse does not exist")
        .containsPattern("\n  fuse +does not work +/dev/fuse does not exist")
        .containsPattern("FUSE passthrough +does not work +there is no FUSE")
        .containsPattern("auto +takes clone");
  }

  @Test
  void doctor_ofAUser_tellsTheNamespaceFromTheRest() {
    bench.actFor(Strategy.OVERLAY_USER);
    Machine.needProgram("fusermount3");
    Outcome outcome = doctor(List.of()).ok();
    assertThat(outcome.out())
        .containsPattern("capabilities +limited +may not mount")
        .containsPattern("user namespaces +works")
        .containsPattern("\n  overlay +limited +for `run` and `replay`, in a user namespace")
        .containsPattern("\n  fuse +works")
        .containsPattern("FUSE passthrough +does not work +it takes CAP_SYS_ADMIN")
        .containsPattern("auto \\(run, replay\\) +takes overlay")
        .containsPattern("auto \\(mount\\) +takes fuse");
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void doctor_ofAUserWithoutFusermount_saysWhatToInstall() {
    bench.actFor(Strategy.OVERLAY_USER);
    Machine.needProgram("fusermount3");
    Outcome outcome = doctor(wrapped("--mount", NO_FUSERMOUNT)).ok();
    assertThat(outcome.out())
        .containsPattern("fusermount3 +does not work +not in PATH")
        .contains("install the package fuse3")
        .containsPattern("\n  fuse +limited +for `run` and `replay`")
        .containsPattern("auto \\(mount\\) +takes clone");
  }

  @Test
  void doctor_whereNamespacesAreForbidden_namesTheSwitch() {
    Machine.needRoot();
    Outcome outcome = doctor(wrapped("--map-root-user", NO_NAMESPACES)).ok();
    assertThat(outcome.out())
        .containsPattern("user namespaces +does not work")
        .contains("sysctl user.max_user_namespaces is 0")
        .containsPattern("\n  overlay +does not work +it takes root to mount an overlay");
  }

  @Test
  void doctor_whereNothingCanBeWritten_fails() {
    Machine.needRoot();
    Path scratch = bench.directory("full");
    bench.keep(() -> shell("umount " + scratch));
    shell("mount -t tmpfs -o nr_inodes=2 none " + scratch);
    Outcome outcome = doctor(List.of(), "--scratch", scratch.toString());
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.out())
        .containsPattern("\n  copy +does not work +there can be no scratch")
        .containsPattern("auto +finds none");
  }

  @Test
  void doctor_listsAStaleMount() {
    Machine.needRoot();
    Machine.need(Strategy.FUSE);
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    Path point = bench.directory("point");
    String store = bench.store().folder().toString();
    Child server =
        bench.start(List.of("mount", "--strategy", "fuse", root, point.toString(), "--cas", store));
    bench.awaitMount(server, point);
    assertThat(doctor(List.of()).ok().out()).endsWith("leftovers\n  none\n");
    server.signal("KILL");
    server.await(PATIENCE);
    assertThat(doctor(List.of()).ok().out())
        .contains(
            "  " + point + ": stale mount (fuse.inputfs)\n",
            ": folder of a process that died\n",
            "`inputfs reap` removes them");
    bench.inputfs("reap", "--scratch", scratch()).ok();
    assertThat(bench.leftovers()).isEmpty();
  }

  /** A command in a namespace of its own, changed by a script before it starts. */
  private List<String> wrapped(String namespace, String script) {
    return List.of("unshare", namespace, "sh", "-c", script, "sh");
  }

  private Outcome doctor(List<String> wrapper, String... options) {
    List<String> command = new ArrayList<>(wrapper);
    List<String> arguments = new ArrayList<>(List.of("doctor"));
    arguments.addAll(List.of(options));
    if (!arguments.contains("--scratch")) {
      // What others test at the same time is none of this one's business.
      shell("mkdir -p " + scratch() + " && chown -R --reference=. cache");
      arguments.addAll(List.of("--scratch", scratch()));
    }
    command.addAll(bench.command(arguments.toArray(String[]::new)));
    return Child.run(bench.folder(), PATIENCE, bench.programEnvironment(), command);
  }

  private String scratch() {
    return bench.cache().resolve("inputfs/scratch").toString();
  }

  private void shell(String script) {
    Child.run(bench.folder(), PATIENCE, List.of("sh", "-ec", script)).ok();
  }
}
