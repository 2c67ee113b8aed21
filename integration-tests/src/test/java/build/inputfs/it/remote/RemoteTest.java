package build.inputfs.it.remote;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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
      if (strategy != Strategy.COPY) {
        assertThat(ran.out()).contains("\"milliseconds waited for fetches\"");
      }
    }
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
