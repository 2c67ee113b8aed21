package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.ImportDirectoryRequest;
import build.inputfs.app.proto.ImportDirectoryResponse;
import build.inputfs.app.proto.PrefetchTreeRequest;
import build.inputfs.app.proto.TreesGrpc;
import build.inputfs.app.proto.View;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.UncheckedIOException;
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

/** What a daemon says and does at its start, and what it keeps from then on. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class StartTest {
  private static final int LIMIT = 1_000_000;

  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needsFuse() {
    Machine.need(Strategy.FUSE);
  }

  @Test
  void start_afterAKill_tellsOfEachStaleMountAndRemovesThemWhenAsked() {
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    Path scratch = bench.fresh("scratch");
    Server killed = Server.start(bench, scratch);
    View view = killed.create(Server.request(root));
    killed.process().signal("KILL");
    killed.process().await(Server.PATIENCE);
    killed.close();
    List<String> stale = ProcFs.mountsBelow(scratch);
    assertThat(stale).contains(view.getPath());

    Server next = Server.start(bench, scratch, "--log-format", "json");
    stale.forEach(mount -> Server.awaitOutput(next.process(), mount + ": stale mount"));
    assertThat(ProcFs.mountsBelow(scratch)).containsAll(stale);
    assertThat(next.stop().ok().err()).contains("`inputfs reap` removes it");

    Server last = Server.start(bench, scratch, "--reap", "--log-level", "info");
    stale.forEach(mount -> Server.awaitOutput(last.process(), "reaped: unmounted " + mount));
    assertThat(ProcFs.mountsBelow(scratch)).doesNotContainAnyElementsOf(stale);
    assertThat(last.stop().ok().err()).doesNotContain("removes it");
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void start_whenAFileIsWhereTheSocketIsToBe_leavesIt() throws IOException {
    Path file = Files.writeString(bench.fresh("sockets").resolve("notes"), "dear diary");
    Outcome outcome = bench.inputfs("daemon", "--socket", file.toString());
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.err()).contains(file + " is there and is no socket");
    assertThat(file).hasContent("dear diary");
    assertThat(file.resolveSibling("notes.lock")).doesNotExist();
  }

  /** It takes twice as long with the classes of another command alone. */
  @Test
  void start_findsItsClassesReady() throws IOException {
    Path loaded = bench.folder().resolve("loaded");
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.put("INPUTFS_JAVA_OPTS", "-Xlog:class+load:file=" + loaded);
    Path socket = bench.folder().resolve("daemon.sock");
    List<String> arguments = Server.command(bench, socket, bench.fresh("scratch"));
    List<String> command = bench.command(arguments.toArray(String[]::new));
    Child daemon = bench.keep(Child.start(bench.folder(), environment, command));
    Server.awaitOutput(daemon, "listening on");
    daemon.signal("TERM");
    daemon.await(Server.PATIENCE).ok();
    assertThat(Files.readString(loaded))
        .contains(" io.grpc.internal.ServerImpl source: shared objects file");
  }

  @Test
  void start_withRoomForNoView_isWrongUsage() {
    Outcome outcome = bench.inputfs("daemon", "--max-views", "0");
    assertThat(outcome.exit()).isEqualTo(2);
    assertThat(outcome.err()).contains("--max-views takes a number of at least 1, not '0'");
  }

  @Test
  void limitOfTheStore_isKept_butForWhatIsInUse() throws IOException {
    Server server =
        Server.start(
            bench,
            "--max-store-size",
            Integer.toString(LIMIT),
            "--log-level",
            "info",
            "--log-format",
            "json");
    ImportDirectoryResponse kept = importTree(server, 0);
    View view = server.create(Server.request(name(kept)));
    List<ImportDirectoryResponse> others = new ArrayList<>();
    for (int i = 1; i <= 6; i++) {
      others.add(importTree(server, i));
    }
    Path blobs = bench.store().folder().resolve("cas");
    long deadline = System.nanoTime() + Server.PATIENCE.toNanos();
    while (size(blobs) > LIMIT) {
      assertThat(System.nanoTime()).as("%,d bytes", size(blobs)).isLessThan(deadline);
      Workbench.pause();
    }
    assertThat(Server.sh(bench, view, "cat 0 | wc -c").ok().out().strip()).isEqualTo("300000");
    TreesGrpc.TreesBlockingStub trees = TreesGrpc.newBlockingStub(server.channel());
    assertThatThrownBy(
            () -> {
              for (ImportDirectoryResponse other : others) {
                var _ =
                    trees.prefetchTree(
                        PrefetchTreeRequest.newBuilder().setRoot(other.getRoot()).build());
              }
            })
        .isInstanceOf(StatusRuntimeException.class)
        .hasMessageContaining("missing");
    server.close(view);
    assertThat(server.stop().ok().err()).contains("\"message\":\"blobs evicted\"");
  }

  private ImportDirectoryResponse importTree(Server server, int number) {
    InputTree tree = new InputTree().file("" + number, InputTree.pattern(300_000, number));
    return TreesGrpc.newBlockingStub(server.channel())
        .importDirectory(
            ImportDirectoryRequest.newBuilder().setPath(bench.source(tree).toString()).build());
  }

  private static BlobName name(ImportDirectoryResponse imported) {
    return new BlobName(imported.getRoot().getHash(), imported.getRoot().getSizeBytes());
  }

  private static long size(Path folder) throws IOException {
    try (var files = Files.walk(folder)) {
      return files.filter(Files::isRegularFile).mapToLong(file -> file.toFile().length()).sum();
    } catch (UncheckedIOException e) {
      return Long.MAX_VALUE; // something went meanwhile
    }
  }

  /** What systemd hears with {@code Type=notify}: sd_notify(3). */
  @Test
  void serviceManager_isToldWhenTheDaemonIsReadyAndWhenItStops() {
    Machine.needProgram("python3");
    for (String address :
        List.of(bench.folder().resolve("notify").toString(), "@" + bench.folder())) {
      Child manager =
          bench.keep(
              Child.start(
                  bench.folder(),
                  bench.environment(),
                  List.of(
                      "/usr/bin/python3",
                      "-uc",
                      """
                      import socket, sys
                      s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
                      s.bind(sys.argv[1].replace('@', '\\0'))
                      print('bound')
                      while True: print(s.recv(4096).decode().splitlines())
                      """,
                      address)));
      Server.awaitOutput(manager, "bound");
      List<String> command = new ArrayList<>(List.of("env", "NOTIFY_SOCKET=" + address));
      Path socket = bench.folder().resolve("daemon.sock");
      command.addAll(
          bench.command(
              Server.command(bench, socket, bench.fresh("scratch")).toArray(String[]::new)));
      Child daemon = bench.keep(Child.start(bench.folder(), bench.programEnvironment(), command));
      Server.awaitOutput(manager, "READY=1");
      assertThat(socket).exists();
      daemon.signal("TERM");
      daemon.await(Server.PATIENCE).ok();
      Server.awaitOutput(manager, "waiting for views to be closed']\n");
      assertThat(manager.out())
          .isEqualTo(
              "bound\n['READY=1', 'STATUS=listening on "
                  + socket
                  + "']\n['STOPPING=1', 'STATUS=waiting for views to be closed']\n");
      manager.close();
    }
  }

  @Test
  void units_areWhatSystemdUnderstands() throws IOException {
    Machine.needProgram("systemd-analyze");
    Path repository = Path.of(bench.command().getLast()).resolve("../..").normalize();
    Path runtime = bench.directory("runtime");
    for (String kind : List.of("system", "user")) {
      Path units = repository.resolve("src/dist/src/systemd").resolve(kind);
      Machine.need(Files.exists(units), "the program is not the repository's");
      Path copy = bench.directory(kind);
      // The program is where the distribution puts it: here it is the repository's.
      String service = Files.readString(units.resolve("inputfs.service"));
      assertThat(service).contains("Type=notify", "ExecStart=inputfs ");
      Files.writeString(
          copy.resolve("inputfs.service"),
          service.replace("ExecStart=inputfs ", "ExecStart=" + bench.command().getLast() + " "));
      Files.copy(units.resolve("inputfs.socket"), copy.resolve("inputfs.socket"));
      Outcome outcome =
          Child.run(
              bench.folder(),
              Server.PATIENCE,
              List.of(
                  "env",
                  "XDG_RUNTIME_DIR=" + runtime,
                  "systemd-analyze",
                  "--" + kind,
                  "verify",
                  "--man=no",
                  copy.resolve("inputfs.service").toString(),
                  copy.resolve("inputfs.socket").toString()));
      assertThat(outcome.ok().out() + outcome.err()).isEmpty();
    }
  }
}
