package build.inputfs.app.rpc;

import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.app.proto.GetStatisticsRequest;
import build.inputfs.app.proto.Info;
import build.inputfs.app.proto.ListViewsRequest;
import build.inputfs.app.proto.Statistics;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * A connection to a daemon, to ask how it is. Thread-safe. Owns its threads until {@link #close}.
 */
public final class Connection implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 60;
  private static final int LARGEST_ANSWER = 64 << 20;

  private final Path socket;
  private final EventLoopGroup loop;
  private final ManagedChannel channel;

  private Connection(Path socket, EventLoopGroup loop, ManagedChannel channel) {
    this.socket = socket;
    this.loop = loop;
    this.channel = channel;
  }

  /** Is about to connect to the daemon that listens on {@code socket}. */
  public static Connection open(Path socket) {
    EventLoopGroup loop =
        new MultiThreadIoEventLoopGroup(
            1,
            Thread.ofPlatform().daemon().name("socket-", 0).factory(),
            NioIoHandler.newFactory());
    ManagedChannel channel =
        NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
            .channelType(NioDomainSocketChannel.class, UnixDomainSocketAddress.class)
            .eventLoopGroup(loop)
            .directExecutor()
            .usePlaintext()
            .overrideAuthority("localhost")
            .maxInboundMessageSize(LARGEST_ANSWER)
            .build();
    return new Connection(socket, loop, channel);
  }

  /** Who answers. */
  public Info info() throws IOException {
    return ask(() -> daemon().getInfo(GetInfoRequest.getDefaultInstance()));
  }

  /** What it has counted. */
  public Statistics statistics() throws IOException {
    return ask(() -> daemon().getStatistics(GetStatisticsRequest.getDefaultInstance()));
  }

  /** The views that there are, the oldest first. */
  public List<View> views() throws IOException {
    return ask(() ->
            ViewsGrpc.newBlockingStub(channel)
                .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .listViews(ListViewsRequest.getDefaultInstance()))
        .getViewsList();
  }

  private DaemonGrpc.DaemonBlockingStub daemon() {
    return DaemonGrpc.newBlockingStub(channel)
        .withDeadlineAfter(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  private <T> T ask(Supplier<T> question) throws IOException {
    try {
      return question.get();
    } catch (StatusRuntimeException e) {
      Status status = e.getStatus();
      if (status.getCode() == Status.Code.UNAVAILABLE) {
        throw new IOException("no daemon answers on " + socket, e);
      }
      String why = status.getDescription();
      throw new IOException(
          "the daemon on %s says %s: %s"
              .formatted(socket, status.getCode(), why == null ? "nothing more" : why),
          e);
    }
  }

  @Override
  public void close() {
    channel.shutdownNow();
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }
}
