package build.inputfs.it.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.CloseViewRequest;
import build.inputfs.app.proto.CollectOutputsRequest;
import build.inputfs.app.proto.Correlation;
import build.inputfs.app.proto.Event;
import build.inputfs.app.proto.ExpectedOutputs;
import build.inputfs.app.proto.GetStatisticsRequest;
import build.inputfs.app.proto.Statistics;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.app.proto.WatchEventsRequest;
import build.inputfs.cas.proto.RequestMetadata;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What a daemon tells of itself: its metrics, its log, and {@code inputfs top}. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ObservabilityTest {
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final String[] OPTIONS = {
    "--strategy", "fuse", "--metrics", "127.0.0.1:0", "--log-format", "json", "--log-level", "info"
  };

  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needsFuse() {
    Machine.need(Strategy.FUSE);
  }

  @Test
  void metricsAndLog_agreeWithWhatWasDone() throws Exception {
    BlobName root = Trees.mixed().putInto(bench.store());
    BlobName missing = new BlobName("a".repeat(64), 123);
    Server server = Server.start(bench, OPTIONS);
    List<View> views = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      views.add(
          server.create(
              Server.request(root)
                  .setStrategy(i < 2 ? "copy" : "")
                  .setOutputs(ExpectedOutputs.newBuilder().addPaths("out"))));
    }
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> server.create(Server.request(missing)))
          .isInstanceOf(StatusRuntimeException.class);
    }
    View used = views.getLast();
    Server.sh(bench, used, "cat input.txt dir/a.txt > out; rm dir/b.txt").ok();
    var _ =
        server
            .views()
            .collectOutputs(CollectOutputsRequest.newBuilder().setName(used.getName()).build());
    Map<String, Long> requests = new TreeMap<>();
    for (View view : views.subList(2, 7)) {
      View closed =
          server
              .views()
              .closeView(CloseViewRequest.newBuilder().setName(view.getName()).build())
              .getView();
      closed.getCountersMap().forEach((name, count) -> requests.merge(name, count, Long::sum));
    }

    String text = get(server, "/metrics");
    PrometheusText metrics = PrometheusText.parse(text);

    assertThat(metrics.value("inputfs_views_total", "strategy", "copy", "outcome", "made"))
        .isEqualTo(2);
    assertThat(metrics.value("inputfs_views_total", "strategy", "fuse", "outcome", "made"))
        .isEqualTo(5);
    assertThat(metrics.sum("inputfs_views_total", "outcome", "missing_blob")).isEqualTo(2);
    assertThat(metrics.sum("inputfs_views_total", "", "")).isEqualTo(9);
    assertThat(
            metrics.value(
                "inputfs_views_closed_total",
                "strategy",
                "fuse",
                "reason",
                "closed",
                "outcome",
                "clean"))
        .isEqualTo(5);
    assertThat(metrics.value("inputfs_view_make_seconds_count", "strategy", "fuse")).isEqualTo(5);
    assertThat(metrics.value("inputfs_view_make_seconds_count", "strategy", "copy")).isEqualTo(2);
    assertThat(metrics.value("inputfs_view_close_seconds_count", "strategy", "fuse")).isEqualTo(5);
    assertThat(metrics.value("inputfs_view_collect_seconds_count", "strategy", "fuse"))
        .isEqualTo(1);
    assertThat(metrics.value("inputfs_open_views")).isEqualTo(2);
    for (String kind : List.of("LOOKUP", "OPEN", "UNLINK", "CREATE")) {
      assertThat(metrics.value("inputfs_fuse_requests_total", "mount", "view", "kind", kind))
          .as(kind)
          .isPositive()
          // The one that was made to find out what works here asked for nothing.
          .isEqualTo((double) requests.getOrDefault("requests " + kind, 0L));
    }
    assertThat(metrics.value("inputfs_store_puts_total", "by", "copy")).isEqualTo(1);
    assertThat(metrics.value("inputfs_store_put_bytes_total"))
        .isEqualTo("hello, worldaaa".length());

    Statistics statistics =
        server.daemon().getStatistics(GetStatisticsRequest.getDefaultInstance());
    // The longest times are those of the last minutes: one may have been forgotten just now.
    PrometheusText after = PrometheusText.parse(get(server, "/metrics"));
    assertThat(statistics.getOpenViews()).isEqualTo(2);
    Map<PrometheusText.Key, Double> told = new HashMap<>();
    statistics
        .getMetricsList()
        .forEach(
            metric ->
                told.put(
                    new PrometheusText.Key(metric.getName(), metric.getLabelsMap()),
                    metric.getValue()));
    metrics
        .samples()
        .forEach(
            (key, value) -> {
              if (key.name().startsWith("inputfs_view")) {
                assertThat(told).as(text).containsKey(key);
                assertThat(told.get(key)).as("%s", key).isIn(value, after.samples().get(key));
              }
            });

    Outcome end = server.stop().ok();
    List<JsonObject> log = log(end);
    assertThat(messages(log, "view created")).hasSize(7);
    assertThat(messages(log, "view not created"))
        .hasSize(2)
        .allSatisfy(
            line -> {
              assertThat(line.get("outcome").getAsString()).isEqualTo("missing_blob");
              assertThat(line.get("level").getAsString()).isEqualTo("warn");
              assertThat(line.get("cause").getAsString()).contains("missing blob blobs/" + missing);
            });
    assertThat(messages(log, "outputs collected")).hasSize(1);
    assertThat(messages(log, "view closed"))
        .extracting(line -> line.get("reason").getAsString())
        .containsExactly("closed", "closed", "closed", "closed", "closed", "stopping", "stopping");
    assertThat(log.getFirst().get("message").getAsString()).isEqualTo("daemon started");
    assertThat(log.getLast().get("message").getAsString()).isEqualTo("daemon stopped");
  }

  @Test
  void failureInAView_isCountedByKindAndLogged() throws Exception {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, OPTIONS);
    View view = server.create(Server.request(root));
    bench.store().delete(BlobName.of("hello, world".getBytes(UTF_8)));
    assertThat(Server.sh(bench, view, "cat input.txt").exit()).isNotZero();
    server.close(view);

    PrometheusText metrics = PrometheusText.parse(get(server, "/metrics"));

    assertThat(metrics.sum("inputfs_view_failures_total", "kind", "missing_blob")).isEqualTo(1);
    assertThat(metrics.sum("inputfs_views_closed_total", "outcome", "store_failed")).isEqualTo(1);
    assertThat(messages(log(server.stop().ok()), "view failure"))
        .singleElement()
        .satisfies(
            line -> {
              assertThat(line.get("view").getAsString()).isEqualTo(view.getName());
              assertThat(line.get("path").getAsString()).isEqualTo("input.txt");
            });
  }

  @Test
  void correlation_ofMessageAndHeaders_isInViewEventsAndLog() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, OPTIONS);
    Iterator<Event> events = server.views().watchEvents(WatchEventsRequest.getDefaultInstance());
    assertThat(events.next().hasReady()).isTrue();
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of(
            "build.bazel.remote.execution.v2.requestmetadata-bin", Metadata.BINARY_BYTE_MARSHALLER),
        RequestMetadata.newBuilder()
            .setActionId("action-of-header")
            .setToolInvocationId("invocation \u001b[31m\n\"é")
            .build()
            .toByteArray());
    headers.put(Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER), TRACE);
    ViewsGrpc.ViewsBlockingStub calls =
        server.views().withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));

    View view =
        calls.createView(
            Server.request(root)
                .setCorrelation(Correlation.newBuilder().setActionId("action-of-message"))
                .build());
    server.close(view);

    Correlation expected =
        Correlation.newBuilder()
            .setActionId("action-of-message")
            .setToolInvocationId("invocation \u001b[31m\n\"é")
            .setTraceparent(TRACE)
            .build();
    assertThat(view.getCorrelation()).isEqualTo(expected);
    Event created = events.next();
    assertThat(created.getCorrelation()).isEqualTo(expected);
    assertThat(created.getSpan()).isEqualTo("inputfs.view.make");
    Event closed = events.next();
    assertThat(closed.getCorrelation()).isEqualTo(expected);
    assertThat(closed.getSpan()).isEqualTo("inputfs.view.close");
    assertThat(closed.getClosed().hasCloseTime()).isTrue();
    assertThat(log(server.stop().ok()))
        .filteredOn(line -> line.has("view"))
        .hasSize(2)
        .allSatisfy(
            line -> {
              assertThat(line.get("action").getAsString()).isEqualTo("action-of-message");
              assertThat(line.get("invocation").getAsString())
                  .isEqualTo("invocation \u001b[31m\n\"é");
              assertThat(line.get("traceparent").getAsString()).isEqualTo(TRACE);
            });
  }

  @Test
  void log_inText_isOneLineAnEvent() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, "--strategy", "fuse", "--log-level", "info");
    View view = server.create(Server.request(root));
    server.close(view);
    assertThat(server.stop().ok().err().lines())
        .hasSize(5)
        .allMatch(line -> line.matches("[-0-9]{10}T[:.0-9]+Z INFO .*"))
        .anyMatch(line -> line.contains(" view created view=" + view.getName() + " "))
        .anyMatch(line -> line.contains(" view closed view=" + view.getName() + " "));
  }

  @Test
  void top_onceAndAsJson_saysWhatTheMetricsSay() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, OPTIONS);
    View view = server.create(Server.request(root));
    server.close(server.create(Server.request(root)));

    Outcome once = bench.inputfs("top", "--socket", server.socket().toString()).ok();
    Outcome json = bench.inputfs("top", "--socket", server.socket().toString(), "--json", "--once");

    assertThat(once.out())
        .contains("1 open, 0 leases; 2 made, 0 not made, 1 closed")
        .contains(view.getName())
        .doesNotContain("\u001b");
    JsonObject look = JsonParser.parseString(json.ok().out()).getAsJsonObject();
    assertThat(look.get("open_views").getAsInt()).isEqualTo(1);
    double made = 0;
    for (JsonElement metric : look.getAsJsonArray("metrics")) {
      boolean isMade =
          metric.getAsJsonObject().get("name").getAsString().equals("inputfs_views_total");
      made += isMade ? metric.getAsJsonObject().get("value").getAsDouble() : 0;
    }
    assertThat(made).isEqualTo(2);
  }

  @Test
  void top_withoutADaemon_saysSo() {
    Outcome outcome = bench.inputfs("top", "--socket", bench.folder().resolve("none").toString());
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.err()).contains("no daemon answers on ");
  }

  /** A pseudo-terminal that is resized while top draws on it, then q, Ctrl-C and SIGTERM. */
  @Test
  void top_onATerminal_fitsItAndGivesItBackAsItWas() throws IOException {
    Machine.needProgram("python3");
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, OPTIONS);
    var _ = server.create(Server.request(root));
    Path script = Files.writeString(bench.folder().resolve("terminal.py"), TERMINAL);
    for (String end : List.of("q", "\u0003", "TERM")) {
      List<String> command = new ArrayList<>(List.of("python3", script.toString(), end));
      command.addAll(
          bench.command("top", "--socket", server.socket().toString(), "--interval", "0.2"));
      Map<String, String> environment = new TreeMap<>(bench.environment());
      environment.putAll(bench.programEnvironment());
      Outcome outcome = Child.run(bench.folder(), Server.PATIENCE, environment, command).ok();
      assertThat(outcome.lastLine()).isEqualTo("as it was");
    }
  }

  private static final String TERMINAL =
      """
      import fcntl, os, pty, re, select, signal, struct, sys, termios, time

      def resize(rows, columns):
          fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

      master, slave = pty.openpty()
      resize(24, 80)
      before = termios.tcgetattr(slave)
      pid = os.fork()
      if pid == 0:
          os.setsid()
          fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
          for descriptor in 0, 1, 2:
              os.dup2(slave, descriptor)
          os.execvp(sys.argv[2], sys.argv[2:])
      text = b""

      def read():
          global text
          if select.select([master], [], [], 0.1)[0]:
              text += os.read(master, 65536)

      def frames():
          return text.split(b"\\x1b[H")[1:-1]

      def await_frames(many, wanted, also=lambda: True):
          limit = time.time() + 60
          while len(frames()) < many or wanted not in frames()[-1] or not also():
              if time.time() > limit:
                  sys.exit("no such frame: %r" % text[-3000:])
              read()

      def fits(frame, rows, columns):
          lines = re.sub(rb"\\x1b\\[[KJ]", b"", frame).split(b"\\r\\n")
          return len(lines) <= rows and all(
              len(line.decode()) <= columns and b"\\x1b" not in line for line in lines)

      def check(rows, columns):
          for frame in frames():
              assert fits(frame, rows, columns), (rows, columns, frame)

      await_frames(3, b"1 open")
      check(24, 80)
      resize(10, 40)
      await_frames(1, b"1 open", lambda: fits(frames()[-1], 10, 40))
      text = b""
      await_frames(2, b"1 open")
      check(10, 40)
      if sys.argv[1] == "TERM":
          os.kill(pid, signal.SIGTERM)
      else:
          os.write(master, sys.argv[1].encode())
      limit = time.time() + 60
      while os.waitpid(pid, os.WNOHANG)[0] == 0:
          assert time.time() < limit, "it goes on"
          read()
      while not text.endswith(b"\\x1b[?25h\\x1b[?1049l"):
          assert time.time() < limit, text[-100:]
          read()
      assert termios.tcgetattr(slave) == before, termios.tcgetattr(slave)
      print("as it was")
      """;

  private static String get(Server server, String path) throws Exception {
    Server.awaitOutput(server.process(), "}\n"); // its first line, of which there may be a part
    String first = server.process().err().lines().findFirst().orElseThrow();
    String address = log(first).getFirst().get("metrics").getAsString();
    try (HttpClient client = HttpClient.newHttpClient()) {
      return client
          .send(
              HttpRequest.newBuilder(URI.create("http://" + address + path)).build(),
              BodyHandlers.ofString())
          .body();
    }
  }

  private static List<JsonObject> log(Outcome end) {
    return log(end.err());
  }

  private static List<JsonObject> log(String lines) {
    return lines.lines().map(line -> JsonParser.parseString(line).getAsJsonObject()).toList();
  }

  private static List<JsonObject> messages(List<JsonObject> log, String message) {
    return log.stream().filter(line -> line.get("message").getAsString().equals(message)).toList();
  }
}
