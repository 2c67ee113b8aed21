package build.inputfs.app.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/**
 * Answers {@code GET /metrics} with the metrics, in Prometheus' text format, and {@code GET
 * /healthz} with 200 as long as the daemon takes requests, else with 503.
 *
 * <p>Its threads are its own and do nothing else: who asks slowly, or often, holds up nobody but
 * himself. Metrics are written to memory first. Owns its socket until {@link #close}.
 */
public final class MetricsServer implements AutoCloseable {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";

  private final HttpServer server;
  private final ExecutorService threads;

  private MetricsServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Starts to answer.
   *
   * @param address where; port 0 for any that is free
   * @param healthy whether the daemon takes requests; must return at once
   * @throws IOException when the address cannot be had; the message names it
   */
  public static MetricsServer start(
      InetSocketAddress address, Metrics metrics, BooleanSupplier healthy) throws IOException {
    HttpServer server;
    try {
      server = HttpServer.create(address, 0);
    } catch (IOException e) {
      throw new IOException(
          "cannot serve metrics on %s:%d: %s"
              .formatted(address.getHostString(), address.getPort(), e.getMessage()),
          e);
    }
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("metrics-", 0).factory());
    server.setExecutor(threads);
    server.createContext("/metrics", exchange -> answerMetrics(exchange, metrics));
    server.createContext("/healthz", exchange -> answerHealth(exchange, healthy));
    server.start();
    return new MetricsServer(server, threads);
  }

  /** Reads {@code HOST:PORT}, {@code [ADDRESS]:PORT} or {@code :PORT}, which is on loopback. */
  public static InetSocketAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    int port;
    try {
      port = Integer.parseInt(text.substring(colon + 1));
    } catch (NumberFormatException e) {
      port = -1;
    }
    if (port < 0 || port > 0xffff) {
      throw new IllegalArgumentException("'" + text + "' is not HOST:PORT");
    }
    InetSocketAddress address = new InetSocketAddress(host.isEmpty() ? "127.0.0.1" : host, port);
    if (address.isUnresolved()) {
      throw new IllegalArgumentException("there is no host '" + host + "'");
    }
    return address;
  }

  /** Where it answers. */
  public InetSocketAddress address() {
    return server.getAddress();
  }

  private static void answerMetrics(HttpExchange exchange, Metrics metrics) throws IOException {
    try (exchange) {
      if (isGetOf(exchange, "/metrics")) {
        ByteArrayOutputStream body = new ByteArrayOutputStream(1 << 15);
        metrics.write(body);
        answer(exchange, 200, TEXT, body.toByteArray());
      }
    }
  }

  private static void answerHealth(HttpExchange exchange, BooleanSupplier healthy)
      throws IOException {
    try (exchange) {
      if (isGetOf(exchange, "/healthz")) {
        boolean well = healthy.getAsBoolean();
        say(exchange, well ? 200 : 503, well ? "ok" : "stopping");
      }
    }
  }

  /** Whether that is what is asked for; where it is not, says so. */
  private static boolean isGetOf(HttpExchange exchange, String path) throws IOException {
    String method = exchange.getRequestMethod();
    if (!exchange.getRequestURI().getPath().equals(path)) {
      say(exchange, 404, "there are /metrics and /healthz");
      return false;
    }
    if (!method.equals("GET") && !method.equals("HEAD")) {
      exchange.getResponseHeaders().set("Allow", "GET, HEAD");
      say(exchange, 405, "only GET");
      return false;
    }
    return true;
  }

  private static void say(HttpExchange exchange, int status, String text) throws IOException {
    answer(
        exchange,
        status,
        "text/plain; charset=utf-8",
        (text + "\n").getBytes(StandardCharsets.UTF_8));
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  /** Answers no more; drops who is being answered. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
