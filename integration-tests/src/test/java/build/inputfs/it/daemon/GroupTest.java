package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.proto.View;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon of root's that lets the members of a group in. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class GroupTest {
  private static final int MEMBER = Machine.OTHER_USER;
  private static final int STRANGER = MEMBER + 1;

  /** A group that every Debian has. */
  private static final String GROUP = "games";

  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needs() {
    Machine.needRoot();
    Machine.need(Strategy.FUSE);
    Machine.needProgram("setpriv");
  }

  @Test
  void member_hasViewsOfHisOwnWhereHeWants_andNoOthers() throws IOException {
    String line =
        Files.readAllLines(Path.of("/etc/group")).stream()
            .filter(entry -> entry.startsWith(GROUP + ":"))
            .findAny()
            .orElse("");
    Machine.need(!line.isEmpty(), "there is no group " + GROUP);
    int group = Integer.parseInt(line.split(":", -1)[2]);
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, "--group", GROUP);
    View ofRoot = server.create(Server.request(root));
    Path program = programForAll();

    Path point = own(bench.fresh("point"), MEMBER);
    Child mount = as(MEMBER, group, program, "mount", root.toString(), point.toString());
    bench.awaitMount(mount, point);
    Outcome used =
        sh(MEMBER, group, point, "cat input.txt; echo x > new; stat -c ' %u' new input.txt").ok();
    assertThat(used.out()).isEqualTo("hello, world " + MEMBER + "\n " + MEMBER + "\n");
    mount.signal("INT");
    Outcome ended = mount.await(Server.PATIENCE);
    assertThat(ended.out()).isEqualTo("mounted " + root + " on " + point + "\n");
    assertThat(ended.err()).isEmpty();
    assertThat(point).isEmptyDirectory();

    Path notHis = bench.fresh("point");
    assertThat(said(MEMBER, group, program, "mount", root.toString(), notHis.toString()))
        .contains("a daemon is required", "belongs to user 0");
    assertThat(said(MEMBER, group, program, "run", "--root", root.toString(), "--", "true"))
        .contains("a daemon is required", "has to name a mount point");
    assertThat(said(MEMBER, group, program, "run", "--inputs", "/etc", "--", "true"))
        .contains("a daemon is required");
    assertThat(sh(MEMBER, group, Path.of("/"), "ls " + ofRoot.getPath()).exit()).isNotZero();

    Path strangers = own(bench.fresh("point"), STRANGER);
    assertThat(said(STRANGER, STRANGER, program, "mount", root.toString(), strangers.toString()))
        .contains("a daemon is required", "none listens");
    server.close(ofRoot);
  }

  /**
   * Who has the group's number as one of a process's further groups can open the socket; who is let
   * in is said by the machine's own list of members.
   */
  @Test
  void stranger_withTheGroupsNumberAlone_isTurnedAway() throws IOException {
    String users =
        "member:x:%1$d:%1$d::/:/bin/sh\nstranger:x:%2$d:%2$d::/:/bin/sh\n"
            .formatted(MEMBER, STRANGER);
    Files.writeString(
        bench.folder().resolve("passwd"), Files.readString(Path.of("/etc/passwd")) + users);
    Files.writeString(
        bench.folder().resolve("group"),
        Files.readString(Path.of("/etc/group")) + "guests:x:54321:member\n");
    Path program = programForAll();
    Path socket = bench.folder().resolve("daemon.sock");
    List<String> daemon =
        Server.command(bench, socket, bench.fresh("scratch"), "--group", "guests");
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "--propagation",
                "private",
                "sh",
                "-euc",
                """
                program=$1; socket=$2
                shift 2
                mount --bind passwd /etc/passwd
                mount --bind group /etc/group
                "$@" >said &
                daemon=$!
                until [ -s said ]; do kill -0 $daemon; sleep 0.1; done
                for user in %d %d; do
                  if setpriv --reuid $user --regid $user --groups 54321 \\
                    "$program" top --once --socket "$socket" >out 2>&1
                  then echo "$user got in"
                  else echo "$user: $(cat out)"
                  fi
                done
                kill $daemon
                wait $daemon
                """
                    .formatted(MEMBER, STRANGER),
                "sh",
                program.toString(),
                socket.toString()));
    command.addAll(bench.command(daemon.toArray(String[]::new)));
    Outcome outcome =
        Child.run(bench.folder(), Server.PATIENCE, bench.programEnvironment(), command).ok();
    assertThat(outcome.out().lines())
        .satisfiesExactly(
            member -> assertThat(member).isEqualTo(MEMBER + " got in"),
            stranger -> assertThat(stranger).startsWith(STRANGER + ": inputfs: "));
  }

  private String said(int user, int group, Path program, String... arguments) {
    Outcome outcome = as(user, group, program, arguments).await(Server.PATIENCE);
    assertThat(outcome.exit()).as("%s", outcome).isEqualTo(125);
    return outcome.err();
  }

  private Child as(int user, int group, Path program, String... arguments) {
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.put("XDG_CACHE_HOME", "/nonexistent");
    environment.put("INPUTFS_SOCKET", bench.folder().resolve("daemon.sock").toString());
    environment.put("INPUTFS_DAEMON", "require");
    List<String> command = identity(user, group);
    command.addAll(List.of(program.toString(), arguments[0]));
    command.addAll(List.of("--cas", bench.store().folder().toString()));
    command.addAll(List.of(arguments).subList(1, arguments.length));
    return bench.keep(Child.start(bench.folder(), environment, command));
  }

  private Outcome sh(int user, int group, Path folder, String script) {
    List<String> command = identity(user, group);
    command.addAll(List.of("sh", "-ec", "cd " + folder + "; " + script));
    return Child.run(Path.of("/"), Server.PATIENCE, bench.environment(), command);
  }

  private static List<String> identity(int user, int group) {
    return new ArrayList<>(
        List.of("setpriv", "--reuid=" + user, "--regid=" + group, "--clear-groups"));
  }

  private static Path own(Path path, int user) throws IOException {
    Files.setAttribute(path, "unix:uid", user);
    return path;
  }

  /** A copy of the repository's program that everybody may read. */
  private Path programForAll() throws IOException {
    Path program = Path.of(bench.command().getLast());
    Path repository = program.resolve("../..").normalize();
    Machine.need(
        Files.exists(repository.resolve("bin/launch.sh")), "the program is not the repository's");
    Path copy = Files.createDirectories(bench.folder().resolve("program/src/target"));
    copy(repository.resolve("bin"), bench.folder().resolve("program/bin"));
    copy(repository.resolve("src/target/dist"), copy.resolve("dist"));
    return bench.folder().resolve("program/bin/inputfs");
  }

  private void copy(Path from, Path to) {
    Child.run(bench.folder(), Server.PATIENCE, List.of("cp", "-a", from.toString(), to.toString()))
        .ok();
  }
}
