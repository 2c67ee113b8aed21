package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Events;
import build.inputfs.app.daemon.ViewRegistry;
import build.inputfs.app.metrics.Metrics;
import build.inputfs.app.proto.Info;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves a daemon's API. Owns its sockets and threads: one event loop that waits for all of them,
 * and a pool whose threads do what clients ask for, mounts included. For one thread; services are
 * called on the pool's.
 */
public final class DaemonServer implements AutoCloseable {
  /** The services' answers are small; so are requests but for lists of outputs. */
  private static final int LARGEST_REQUEST = 16 << 20;

  private static final int MOST_CALLS_PER_CONNECTION = 1024;
  private static final int LEAST_THREADS = 16;
  private static final long PATIENCE_SECONDS = 2;

  private final ExecutorService pool;
  private final EventLoopGroup loop;
  private final HealthStatusManager health = new HealthStatusManager();
  private final List<BindableService> services;
  private @Nullable SocketFile file;
  private @Nullable Server local;

  /** A server that listens nowhere yet. */
  public DaemonServer(
      ViewRegistry views, Events events, LocalStore store, Info info, Metrics metrics) {
    int threads = Math.max(LEAST_THREADS, 4 * Runtime.getRuntime().availableProcessors());
    pool = Executors.newFixedThreadPool(threads, Thread.ofPlatform().name("call-", 0).factory());
    loop =
        new MultiThreadIoEventLoopGroup(
            1, Thread.ofPlatform().name("sockets-", 0).factory(), NioIoHandler.newFactory());
    services =
        List.of(
            new ViewsService(views, events, store),
            new DaemonService(info, views, metrics),
            health.getHealthService(),
            ProtoReflectionServiceV1.newInstance());
  }

  /**
   * Listens on a Unix socket: the one that a service manager gave this process, else a new one.
   *
   * @param socket where, if there is no given one
   * @param group who may connect beside the owner, or {@link build.inputfs.cas.posix.Accounts#NONE}
   * @return where it listens
   * @throws IOException when another daemon does, or it cannot be made
   */
  public Path listen(Posix posix, Path socket, Admission admission, int group) throws IOException {
    InheritedSocket given = InheritedSocket.find();
    Path path = given == null ? socket : given.path();
    SocketFile taken = SocketFile.lock(posix, path, group);
    file = taken;
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
            UnixDomainSocketAddress.of(given == null ? taken.toBind() : path),
            InternalNettyServerCredentials.create(new Peer(admission)));
    var _ =
        given == null
            ? builder.channelType(NioServerDomainSocketChannel.class)
            : builder.channelFactory(given);
    local = start(builder, new Clients(null));
    if (given == null) {
      taken.publish();
    }
    return path;
  }

  private Server start(NettyServerBuilder builder, Clients clients) throws IOException {
    var _ =
        builder
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .executor(pool)
            .intercept(new RequestMetadata())
            .intercept(clients)
            .maxInboundMessageSize(LARGEST_REQUEST)
            .maxConcurrentCallsPerConnection(MOST_CALLS_PER_CONNECTION)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true);
    services.forEach(builder::addService);
    return builder.build().start();
  }

  /** Tells who asks for the daemon's health that it takes no new work. */
  public void stopping() {
    health.enterTerminalState();
  }

  /** Ends all calls and connections. */
  @Override
  public void close() throws IOException {
    try {
      if (local != null) {
        end(local);
      }
      var _ = loop.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS);
      pool.close();
    } finally {
      if (file != null) {
        file.close();
      }
    }
  }

  /** Gives calls a moment to end; those that last are cut off. */
  private static void end(Server server) {
    server.shutdown();
    try {
      if (!server.awaitTermination(200, TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        var _ = server.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }
}
