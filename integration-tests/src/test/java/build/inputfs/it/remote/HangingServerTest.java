package build.inputfs.it.remote;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A server that takes calls and does not answer, while a command runs. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"OVERLAY", "FUSE"})
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class HangingServerTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  @Test
  void run_whenTheServerHangs_saysSoInTimeAndHarmsNothing() throws IOException {
    Machine.need(strategy);
    ReapiServer server = bench.keep(ReapiServer.start());
    BlobName root = Trees.mixed().putInto(bench.store());
    String store = bench.store().folder().toString();
    bench.inputfs("push", root.toString(), "--cas", store, "--remote", server.address()).ok();
    String[] cold = {"--cas", bench.fresh("cold").toString(), "--remote", server.address()};
    // The directories are here: that it takes long to get them is not what is waited for below.
    bench.inputfs(all(List.of("tree", root.toString()), cold)).ok();
    List<String> hasty = List.of("run", "--no-daemon", "--remote-timeout", "2");
    List<String> patient = List.of("run", "--no-daemon");
    String[] job = {
      "--strategy",
      strategy.option(),
      "--root",
      "" + root,
      "--",
      "sh",
      "-c",
      "cat dir/a.txt || true"
    };
    server.choose(rpc -> rpc == Rpc.BATCH_READ || rpc == Rpc.READ ? new Fault.Hangs(0) : null);
    Outcome ran = bench.inputfs(all(hasty, cold, job));
    assertThat(ran.exit()).as(ran.toString()).isEqualTo(125);
    BlobName wanted = BlobName.of("aaa".getBytes(StandardCharsets.UTF_8));
    assertThat(ran.err()).contains("remote unavailable", "blobs/" + wanted, "dir/a.txt");
    server.choose(_ -> null);
    assertThat(bench.inputfs(all(patient, cold, job)).ok().out()).isEqualTo("aaa");
  }

  private static String[] all(List<String> first, String[]... more) {
    return Stream.concat(first.stream(), Stream.of(more).flatMap(Stream::of))
        .toArray(String[]::new);
  }
}
