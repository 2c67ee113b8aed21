package build.inputfs.it.remote;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.TestStore;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.WireMessage;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Trees that are on a remote, seen through stores that lack them. */
@ParameterizedClass(name = "{0}")
@EnumSource
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class RemoteTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter CasServer.Kind kind = CasServer.Kind.OWN;

  private CasServer server;
  private String root = "";

  @BeforeEach
  void push() {
    server = kind.start(bench);
    root = Trees.mixed().putInto(bench.store()).toString();
    Outcome pushed = bench.inputfs("push", root, "--cas", store(), "--remote", server.address());
    assertThat(pushed.ok().out()).matches("(\\d+) blobs; sent \\1 blobs of .*\n");
  }

  @Test
  void push_again_sendsNothing() {
    Outcome again = bench.inputfs("push", root, "--cas", store(), "--remote", server.address());
    assertThat(again.ok().out()).endsWith("; sent 0 blobs of 0 bytes\n");
  }

  @Test
  void prefetch_bringsTheTreeWhole() {
    String cold = cold();
    String[] prefetch = {"prefetch", root, "--cas", cold, "--remote", server.address()};
    assertThat(bench.inputfs(prefetch).ok().out()).doesNotContain("fetched 0 files");
    assertThat(bench.inputfs(prefetch).ok().out()).contains("fetched 0 files");
    assertThat(bench.inputfs("cas", "verify", "--cas", cold).ok().err()).contains("all is right");
    server.stop();
    Path source = bench.source(Trees.mixed());
    assertThat(
            bench
                .inputfs(
                    "run",
                    "--no-daemon",
                    "--cas",
                    cold,
                    "--root",
                    root,
                    "--",
                    "diff",
                    "-r",
                    "--no-dereference",
                    ".",
                    source.toString())
                .ok()
                .out())
        .isEmpty();
  }

  @Test
  void run_ofATreeThatIsElsewhere_seesItAndSendsWhatItMakes() {
    Path source = bench.source(Trees.mixed());
    String script = "diff -r --no-dereference . \"$1\" && echo $2 > out && mkdir d && cp big d/";
    for (Strategy strategy : List.of(Strategy.OVERLAY, Strategy.FUSE, Strategy.COPY)) {
      Machine.need(strategy);
      String made = "made in " + strategy;
      Outcome ran =
          bench
              .inputfs(
                  "run",
                  "--no-daemon",
                  "--cas",
                  cold(),
                  "--remote",
                  server.address(),
                  "--json",
                  "--strategy",
                  strategy.option(),
                  "--root",
                  root,
                  "--output",
                  "out",
                  "d",
                  "--",
                  "sh",
                  "-c",
                  script,
                  "sh",
                  source.toString(),
                  made)
              .ok();
      assertThat(server.has(BlobName.of((made + "\n").getBytes(StandardCharsets.UTF_8)))).isTrue();
      // A third store has the output from there.
      String directory = ran.out().replaceAll("(?s).*\"root\": \"([^\"]+)\"\\s*}.*", "$1");
      assertThat(
              bench
                  .inputfs("ls", directory, "--cas", cold(), "--remote", server.address())
                  .ok()
                  .out())
          .isEqualTo("big\n");
      assertThat(ran.out()).contains("\"milliseconds waited for fetches\"");
    }
  }

  @Test
  void mount_ofATreeThatIsElsewhere_showsAllOfIt() {
    Path source = bench.source(Trees.mixed());
    for (Strategy strategy : List.of(Strategy.OVERLAY, Strategy.FUSE)) {
      Machine.need(strategy);
      Path point = bench.fresh("point");
      Child mount =
          bench.start(
              List.of(
                  "mount",
                  "--no-daemon",
                  "--cas",
                  cold(),
                  "--remote",
                  server.address(),
                  "--strategy",
                  strategy.option(),
                  root,
                  point.toString()));
      bench.keep(mount);
      bench.awaitMount(mount, point);
      Outcome same =
          Child.run(
              bench.folder(),
              PATIENCE,
              List.of("diff", "-r", "--no-dereference", point.toString(), source.toString()));
      assertThat(same.ok().out()).isEmpty();
      bench.inputfs("unmount", point.toString()).ok();
      assertThat(mount.await(PATIENCE).ok().out()).startsWith("mounted " + root);
    }
  }

  @Test
  void replay_ofActionsThatAreElsewhere_fetchesThemAndSendsWhatItIsTold() throws IOException {
    BlobName made = BlobName.of("made\n".getBytes(StandardCharsets.UTF_8));
    BlobName action = pushAction("echo made > out");
    // The store has nothing but the result of the action.
    TestStore recordings = new TestStore(bench.fresh("recordings"));
    Path result = recordings.folder().resolve("ac").resolve(action.hash().substring(0, 2));
    Files.createDirectories(recordings.folder().resolve("cas"));
    Files.write(
        Files.createDirectories(result).resolve(action.hash()),
        new WireMessage()
            .message(2, new WireMessage().text(1, "out").message(2, made.toMessage()))
            .toBytes());
    List<String> replay =
        List.of(
            "replay",
            action.toString(),
            "--cas",
            recordings.folder().toString(),
            "--remote",
            server.address());
    for (boolean push : List.of(false, true)) {
      List<String> command = new ArrayList<>(replay);
      if (push) {
        command.add("--push-outputs");
      }
      Outcome outcome = bench.inputfs(command.toArray(String[]::new));
      assertThat(outcome.ok().lastLine()).isEqualTo("1 actions: 1 same, 0 differ, 0 failed");
      assertThat(server.has(made)).isEqualTo(push);
    }
    Outcome nowhere = bench.inputfs("replay", action.toString(), "--push-outputs");
    assertThat(nowhere.exit()).isEqualTo(2);
    assertThat(nowhere.err()).contains("--push-outputs needs a remote");
  }

  /** Puts an action on the server whose input tree is there, and what it names. */
  private BlobName pushAction(String script) {
    byte[] command =
        new WireMessage().text(1, "/bin/sh").text(1, "-c").text(1, script).text(7, "out").toBytes();
    byte[] action =
        new WireMessage()
            .message(1, BlobName.of(command).toMessage())
            .message(2, BlobName.parse(root).toMessage())
            .toBytes();
    // They are blobs like the files of any tree.
    String both =
        new InputTree()
            .file("command", command)
            .file("action", action)
            .putInto(bench.store())
            .toString();
    bench.inputfs("push", both, "--cas", store(), "--remote", server.address()).ok();
    return BlobName.of(action);
  }

  @Test
  void commandsThatRead_fetchWhatTheyNeed() {
    String[] remote = {"--cas", cold(), "--remote", server.address()};
    for (List<String> command :
        List.of(
            List.of("ls", "-l", root),
            List.of("tree", root),
            List.of("cat", root, "dir/sub/deep.txt"),
            List.of("stat", root, "big"))) {
      List<String> local = new ArrayList<>(command);
      local.addAll(List.of("--cas", store()));
      List<String> fetching = new ArrayList<>(command);
      fetching.addAll(List.of(remote));
      assertThat(bench.inputfs(fetching.toArray(String[]::new)).ok().out())
          .isEqualTo(bench.inputfs(local.toArray(String[]::new)).ok().out());
    }
  }

  @Test
  void run_whenABlobIsNowhere_namesItAndFails() {
    BlobName missing = BlobName.of("aaa".getBytes(StandardCharsets.UTF_8));
    server.remove(missing);
    for (Strategy strategy : List.of(Strategy.OVERLAY, Strategy.FUSE)) {
      Machine.need(strategy);
      Outcome ran =
          bench.inputfs(
              "run",
              "--no-daemon",
              "--cas",
              cold(),
              "--remote",
              server.address(),
              "--strategy",
              strategy.option(),
              "--root",
              root,
              "--",
              "sh",
              "-c",
              "cat dir/a.txt || true");
      assertThat(ran.exit()).as(ran.toString()).isEqualTo(125);
      assertThat(ran.err()).contains("missing blob blobs/" + missing).contains("dir/a.txt");
    }
  }

  @Test
  void look_whenNobodyKnowsTheRemotesHost_saysSoInOneLine() {
    Outcome outcome =
        bench.inputfs(
            "ls",
            Trees.mixed().putInto(bench.store()).hash() + "/1",
            "--cas",
            cold(),
            "--remote",
            "grpc://nobody.invalid:8980",
            "--remote-timeout",
            "2");
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.err().lines()).as(outcome.err()).hasSize(1);
    assertThat(outcome.err()).contains("remote unavailable grpc://nobody.invalid:8980");
  }

  @Test
  void run_whenTheRemoteDoesNotAnswer_saysSoInTime() throws IOException {
    server.stop();
    Outcome ran =
        bench.inputfs(
            "run",
            "--no-daemon",
            "--cas",
            cold(),
            "--remote",
            server.address(),
            "--remote-timeout",
            "2",
            "--root",
            root,
            "--",
            "true");
    assertThat(ran.exit()).as(ran.toString()).isEqualTo(125);
    assertThat(ran.err()).contains("remote unavailable " + server.address());
    // The same from the configuration file.
    Path file =
        Files.writeString(
            bench.folder().resolve("inputfs.toml"),
            "[remote]\naddress = \"%s\"\ntimeout = 2\n[store]\npath = \"%s\"\n"
                .formatted(server.address(), cold()));
    Outcome configured = bench.inputfs("cat", root, "input.txt", "--config", file.toString());
    assertThat(configured.exit()).as(configured.toString()).isEqualTo(125);
    assertThat(configured.err()).contains("remote unavailable " + server.address());
    // What is here already needs no remote.
    InputTree other = new InputTree().file("here", "here");
    BlobName here = other.putInto(bench.store());
    Outcome local =
        bench.inputfs(
            "cat", here.toString(), "here", "--cas", store(), "--remote", server.address());
    assertThat(local.ok().out()).isEqualTo("here");
  }

  private String store() {
    return bench.store().folder().toString();
  }

  /** A new store without anything in it. */
  private String cold() {
    return bench.fresh("cold").toString();
  }
}
