package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.metrics.Metrics;
import build.inputfs.app.metrics.MetricsServer;
import build.inputfs.cas.meter.Reading;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
final class MetricsServerTest {
  private final AtomicBoolean healthy = new AtomicBoolean(true);

  @Test
  void metrics_areInTheTextFormat() throws Exception {
    try (Metrics metrics = metrics();
        MetricsServer server = start(metrics);
        HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> answer = get(client, server, "/metrics");

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().firstValue("Content-Type"))
          .hasValue("text/plain; version=0.0.4; charset=utf-8");
      assertThat(PrometheusText.parse(answer.body()).value("inputfs_things_total")).isEqualTo(42);
    }
  }

  @Test
  void healthz_whenTheDaemonStops_saysSo() throws Exception {
    try (Metrics metrics = metrics();
        MetricsServer server = start(metrics);
        HttpClient client = HttpClient.newHttpClient()) {
      assertThat(get(client, server, "/healthz").statusCode()).isEqualTo(200);
      healthy.set(false);
      assertThat(get(client, server, "/healthz").statusCode()).isEqualTo(503);
    }
  }

  @Test
  void otherRequests_areRefused() throws Exception {
    try (Metrics metrics = metrics();
        MetricsServer server = start(metrics);
        HttpClient client = HttpClient.newHttpClient()) {
      assertThat(get(client, server, "/metrics/more").statusCode()).isEqualTo(404);
      assertThat(get(client, server, "/").statusCode()).isEqualTo(404);
      HttpRequest post =
          HttpRequest.newBuilder(uri(server, "/metrics"))
              .POST(BodyPublishers.ofString("x"))
              .build();
      HttpResponse<String> answer = client.send(post, BodyHandlers.ofString());
      assertThat(answer.statusCode()).isEqualTo(405);
      assertThat(answer.headers().firstValue("Allow")).hasValue("GET, HEAD");
      HttpRequest head =
          HttpRequest.newBuilder(uri(server, "/metrics"))
              .method("HEAD", BodyPublishers.noBody())
              .build();
      HttpResponse<String> headers = client.send(head, BodyHandlers.ofString());
      assertThat(headers.statusCode()).isEqualTo(200);
      assertThat(headers.body()).isEmpty();
    }
  }

  /** Clients that send half a request, or read no reply, keep nobody from his. */
  @Test
  void metrics_whenOthersAreSlow_areGivenAllTheSame() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try (Metrics metrics = metrics();
        MetricsServer server = start(metrics);
        HttpClient client = HttpClient.newHttpClient()) {
      for (int i = 0; i < 50; i++) {
        Socket socket = new Socket();
        slow.add(socket);
        socket.connect(server.address());
        socket
            .getOutputStream()
            .write(
                (i % 2 == 0 ? "GET /met" : "GET /metrics HTTP/1.1\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
      }

      assertThat(get(client, server, "/metrics").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void start_whenTheAddressIsTaken_saysWhich() throws IOException {
    try (Metrics metrics = metrics();
        MetricsServer server = start(metrics)) {
      assertThatThrownBy(() -> MetricsServer.start(server.address(), metrics, () -> true))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("127.0.0.1:" + server.address().getPort());
    }
  }

  @Test
  void parse_takesHostAndPort() {
    assertThat(MetricsServer.parse("127.0.0.2:9100"))
        .isEqualTo(new InetSocketAddress("127.0.0.2", 9100));
    assertThat(MetricsServer.parse("9100").getAddress().isLoopbackAddress()).isTrue();
    assertThat(MetricsServer.parse(":9100").getAddress().isLoopbackAddress()).isTrue();
    assertThat(MetricsServer.parse("[::1]:9100"))
        .satisfies(address -> assertThat(address.getAddress().isLoopbackAddress()).isTrue());
    for (String wrong : List.of("", "host", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1")) {
      assertThatThrownBy(() -> MetricsServer.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  private static Metrics metrics() {
    return new Metrics(List.of(to -> to.accept(Reading.counter("things", "Things", 42))));
  }

  private MetricsServer start(Metrics metrics) throws IOException {
    return MetricsServer.start(MetricsServer.parse("127.0.0.1:0"), metrics, healthy::get);
  }

  private static HttpResponse<String> get(HttpClient client, MetricsServer server, String path)
      throws IOException, InterruptedException {
    return client.send(HttpRequest.newBuilder(uri(server, path)).build(), BodyHandlers.ofString());
  }

  private static URI uri(MetricsServer server, String path) {
    return URI.create("http://127.0.0.1:" + server.address().getPort() + path);
  }
}
