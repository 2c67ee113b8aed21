package build.inputfs.app.metrics;

import build.inputfs.app.daemon.Events;
import build.inputfs.app.daemon.Events.Subscription;
import build.inputfs.app.daemon.ViewRegistry;
import build.inputfs.cas.meter.Metered;
import build.inputfs.cas.meter.Reading;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What watches a daemon: it counts and logs what happens to views, and gives the metrics to whoever
 * asks, over HTTP too where that is wanted. Thread-safe. Owns its subscriptions and its socket.
 */
public final class Monitor implements AutoCloseable {
  private final Metrics metrics;
  private final List<Subscription> subscriptions = new ArrayList<>();
  private final @Nullable MetricsServer server;

  private Monitor(Metrics metrics, Events events, @Nullable MetricsServer server) {
    this.metrics = metrics;
    this.server = server;
    subscriptions.add(events.listen(new ViewMeters(metrics.registry())));
    subscriptions.add(events.listen(new EventLog()));
  }

  /**
   * Watches from now on.
   *
   * @param parts count by themselves; none is closed before this
   * @param address where to serve metrics, or null for nowhere
   */
  public static Monitor start(
      ViewRegistry views,
      Events events,
      List<? extends Metered> parts,
      @Nullable InetSocketAddress address)
      throws IOException {
    List<Metered> all = new ArrayList<>(parts);
    all.add(
        to -> {
          to.accept(Reading.gauge("open_views", "Views that there are", views.size()));
          to.accept(Reading.gauge("leases", "Leases that clients hold", views.leases()));
        });
    Metrics metrics = new Metrics(all);
    MetricsServer server =
        address == null ? null : MetricsServer.start(address, metrics, () -> !views.isStopping());
    return new Monitor(metrics, events, server);
  }

  /** All that is counted. */
  public Metrics metrics() {
    return metrics;
  }

  /** Where metrics are served, in the form {@code host:port}; empty for nowhere. */
  public String address() {
    return server == null
        ? ""
        : server.address().getHostString() + ":" + server.address().getPort();
  }

  @Override
  public void close() {
    subscriptions.forEach(Subscription::close);
    if (server != null) {
      server.close();
    }
    metrics.close();
  }
}
