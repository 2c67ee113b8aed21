package build.inputfs.cas.remote;

import io.grpc.ChannelCredentials;
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
 * The connections to one remote. Each is made when it is first used, and again when it has broken.
 * Thread-safe.
 */
final class Channels implements AutoCloseable {
  /** Some servers put whole blobs into one message. */
  private static final int LARGEST_MESSAGE = 32 << 20;

  private static final int KEEPALIVE_TIMEOUT_SECONDS = 5;

  private final List<ManagedChannel> channels = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();

  /**
   * @throws IOException when a file of certificates cannot be read
   */
  Channels(RemoteOptions options) throws IOException {
    RemoteTarget target = options.target();
    ChannelCredentials credentials = credentials(options);
    for (int i = 0; i < options.limits().connections(); i++) {
      channels.add(
          NettyChannelBuilder.forAddress(target.host(), target.port(), credentials)
              // Listeners only put messages aside.
              .directExecutor()
              .maxInboundMessageSize(LARGEST_MESSAGE)
              .keepAliveTime(options.timing().keepalive().toNanos(), TimeUnit.NANOSECONDS)
              .keepAliveTimeout(KEEPALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
              // Retries are ours: they know what has come already.
              .disableRetry()
              .userAgent(options.tool().name() + "/" + options.tool().version())
              .build());
    }
  }

  /** A connection for a call: each in turn. */
  ManagedChannel next() {
    return channels.get(Math.floorMod(next.getAndIncrement(), channels.size()));
  }

  /** Has broken connections made again at once, where gRPC would wait for up to two minutes. */
  void reconnect() {
    channels.forEach(ManagedChannel::resetConnectBackoff);
  }

  /** Ends all calls. */
  @Override
  public void close() {
    channels.forEach(ManagedChannel::shutdownNow);
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
