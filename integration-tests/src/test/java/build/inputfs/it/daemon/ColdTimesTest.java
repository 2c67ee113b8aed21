package build.inputfs.it.daemon;

import static java.util.Collections.nCopies;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.View;
import build.inputfs.cas.remote.testserver.DelayRelay;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Prints how long a program waits for files that are elsewhere. Only on demand, by the property
 * {@code inputfs.it.coldTimes}: nothing but the figures tells whether it is well.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class ColdTimesTest {
  private static final int AT_ONCE = 256;

  /** In ms: without a distance until the daemon's code is compiled, as a daemon's soon is. */
  private static final List<Integer> ROUND_TRIPS =
      Stream.of(nCopies(10, 0), nCopies(5, 5), nCopies(5, 25)).flatMap(List::stream).toList();

  private static final List<Strategy> SERVED = List.of(Strategy.FUSE, Strategy.OVERLAY);

  @RegisterExtension final Workbench bench = new Workbench();

  private DelayRelay relay;
  private ColdTree tree;

  @BeforeEach
  void start() throws IOException {
    Machine.need(
        Boolean.getBoolean("inputfs.it.coldTimes"), "the property inputfs.it.coldTimes is not set");
    ReapiServer remote = bench.keep(ReapiServer.start());
    remote.record(false);
    relay = bench.keep(new DelayRelay(remote.port(), Duration.ZERO));
    tree = ColdTree.putInto(remote);
  }

  @Test
  void actionThatReadsATwentieth() throws IOException {
    relay.setRoundTrip(Duration.ofMillis(25));
    for (Strategy strategy : SERVED) {
      Machine.need(strategy);
      Path store = bench.fresh("cold");
      for (String time : List.of("first", "second")) {
        Server server = daemon(store);
        View view = server.create(request(strategy).addCommand("cc"));
        System.out.printf(
            "%s, 25 ms, %s cold start: %s%n", strategy, time, read(view, tree.touched(), "each"));
        server.close(view);
        assertThat(server.stop().exit()).isZero();
        ColdTree.empty(store);
      }
    }
  }

  @Test
  void manyFilesAtOnce() throws IOException {
    for (Strategy strategy : SERVED) {
      Machine.need(strategy);
      Server server = daemon(bench.fresh("cold"));
      View view = server.create(request(strategy));
      int next = 0;
      for (int round : ROUND_TRIPS) {
        relay.setRoundTrip(Duration.ofMillis(round));
        List<String> files = tree.others().subList(next, next + AT_ONCE);
        next += AT_ONCE;
        System.out.printf("%s, %d ms: %s%n", strategy, round, read(view, files, "all"));
      }
      server.close(view);
      assertThat(server.stop().exit()).isZero();
    }
  }

  private CreateViewRequest.Builder request(Strategy strategy) {
    return Server.request(tree.root()).setStrategy(strategy.option());
  }

  private Server daemon(Path store) {
    return Server.start(
        bench, "--cas", store.toString(), "--remote", "grpc://localhost:" + relay.port());
  }

  private String read(View view, List<String> files, String how) throws IOException {
    Path list = Files.write(bench.folder().resolve("list"), files);
    return Child.run(
            Path.of("/"),
            Server.PATIENCE,
            List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                ReadTimes.class.getName(),
                view.getPath(),
                list.toString(),
                how))
        .ok()
        .lastLine();
  }
}
