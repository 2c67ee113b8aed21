package build.inputfs.cas.remote;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ConnectivityState;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The connections to one remote: all are made when the first call is, and again when they have
 * broken. A call gets the one with the fewest others among those that work. Thread-safe.
 */
final class Channels implements AutoCloseable {
  /** Some servers put whole blobs into one message. */
  private static final int LARGEST_MESSAGE = 32 << 20;

  private static final int KEEPALIVE_TIMEOUT_SECONDS = 5;

  private final List<Lane> lanes = new ArrayList<>();
  private volatile boolean used;

  /** One connection, and how many calls use it. Thread-safe. */
  static final class Lane {
    private final ManagedChannel channel;
    private final AtomicInteger calls = new AtomicInteger();

    private Lane(ManagedChannel channel) {
      this.channel = channel;
    }

    Channel channel() {
      return channel;
    }

    /** Whether calls fail at once, so that it has few of them: it is being made anew. */
    private boolean isBroken() {
      return channel.getState(/* requestConnection= */ false)
          == ConnectivityState.TRANSIENT_FAILURE;
    }

    /** A call has ended. */
    void leave() {
      calls.decrementAndGet();
    }
  }

  /**
   * @throws IOException when a file of certificates cannot be read
   */
  Channels(RemoteOptions options) throws IOException {
    RemoteTarget target = options.target();
    ChannelCredentials credentials = credentials(options);
    for (int i = 0; i < options.limits().connections(); i++) {
      lanes.add(
          new Lane(
              NettyChannelBuilder.forAddress(target.host(), target.port(), credentials)
                  // Listeners only put messages aside.
                  .directExecutor()
                  .maxInboundMessageSize(LARGEST_MESSAGE)
                  .keepAliveTime(options.timing().keepalive().toNanos(), TimeUnit.NANOSECONDS)
                  .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                  // Retries are ours: they know what has come already.
                  .disableRetry()
                  .userAgent(options.tool().name() + "/" + options.tool().version())
                  .build()));
    }
  }

  /** A connection for a call, which leaves it when it has ended. */
  Lane enter() {
    if (!used) {
      used = true;
      lanes.forEach(lane -> lane.channel.getState(/* requestConnection= */ true));
    }
    Lane best = lanes.getFirst();
    for (Lane lane : lanes) {
      boolean fewer = lane.calls.get() < best.calls.get();
      if (lane.isBroken() == best.isBroken() ? fewer : best.isBroken()) {
        best = lane;
      }
    }
    best.calls.incrementAndGet();
    return best;
  }

  /** Has broken connections made again at once, where gRPC would wait for up to two minutes. */
  void reconnect() {
    lanes.forEach(lane -> lane.channel.resetConnectBackoff());
  }

  /** Ends all calls. */
  @Override
  public void close() {
    lanes.forEach(lane -> lane.channel.shutdownNow());
  }

  private static ChannelCredentials credentials(RemoteOptions options) throws IOException {
    RemoteOptions.Credentials files = options.credentials();
    if (!options.target().secure()) {
      return InsecureChannelCredentials.create();
    }
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    Path trust = files.trust();
    if (trust != null) {
      builder.trustManager(trust.toFile());
    }
    Path certificate = files.certificate();
    Path key = files.key();
    if (certificate != null && key != null) {
      builder.keyManager(certificate.toFile(), key.toFile());
    }
    return builder.build();
  }
}
