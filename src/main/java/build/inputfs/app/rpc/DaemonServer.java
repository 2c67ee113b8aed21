package build.inputfs.app.rpc;

import build.inputfs.app.daemon.Caller;
import build.inputfs.app.daemon.Events;
import build.inputfs.app.daemon.TreeKeeper;
import build.inputfs.app.daemon.ViewRegistry;
import build.inputfs.app.metrics.Metrics;
import build.inputfs.app.proto.Info;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.InternalNettyServerCredentials;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
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
  private static final long PING_SECONDS = 10;

  /** How long work may take that was begun before the end. */
  private static final Duration WORK = Duration.ofSeconds(10);

  /**
   * The files, in PEM, for connections by TLS.
   *
   * @param own the daemon's certificate, and those between it and its authority
   * @param key its private key, in PKCS#8
   * @param clientAuthority the certificate of whoever signs those of clients
   */
  public record Certificates(Path own, Path key, Path clientAuthority) {}

  private final ExecutorService pool;
  private final HandOver work;
  private final EventLoopGroup loop;
  private final HealthStatusManager health = new HealthStatusManager();
  private final List<BindableService> services;
  private @Nullable SocketFile file;
  private final List<Server> servers = new ArrayList<>();

  /** A server that listens nowhere yet. */
  public DaemonServer(
      ViewRegistry views,
      Events events,
      TreeKeeper trees,
      BlobSource blobs,
      Info info,
      Metrics metrics) {
    int threads = Math.max(LEAST_THREADS, 4 * Runtime.getRuntime().availableProcessors());
    pool = Executors.newFixedThreadPool(threads, Thread.ofPlatform().name("call-", 0).factory());
    work = new HandOver(pool);
    loop =
        new MultiThreadIoEventLoopGroup(
            1, Thread.ofPlatform().name("sockets-", 0).factory(), NioIoHandler.newFactory());
    services =
        List.of(
            new ViewsService(views, events, blobs),
            new TreesService(trees),
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
    var _ = start(builder, new Clients(null));
    if (given == null) {
      taken.publish();
    }
    return path;
  }

  /**
   * Listens on TCP for clients that show a certificate. They are taken for the daemon's own user. A
   * client whose machine is gone loses its connection, and its leases with it, when it leaves pings
   * unanswered.
   *
   * @return the port, which the kernel has chosen where {@code address} has none
   * @throws IOException when the files cannot be used, or the address is taken
   */
  public int listen(InetSocketAddress address, Certificates certificates, Caller own)
      throws IOException {
    ServerCredentials credentials;
    try {
      credentials =
          TlsServerCredentials.newBuilder()
              .keyManager(certificates.own().toFile(), certificates.key().toFile())
              .trustManager(certificates.clientAuthority().toFile())
              .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE)
              .build();
    } catch (IllegalArgumentException e) {
      throw new IOException("the certificates cannot be used: " + e.getMessage(), e);
    }
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address, credentials)
            .channelType(NioServerSocketChannel.class)
            .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
            .keepAliveTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS);
    return start(builder, new Clients(own)).getPort();
  }

  private Server start(NettyServerBuilder builder, Clients clients) throws IOException {
    var _ =
        builder
            .bossEventLoopGroup(loop)
            .workerEventLoopGroup(loop)
            .directExecutor()
            .intercept(new RequestMetadata())
            .intercept(clients)
            .intercept(work)
            .maxInboundMessageSize(LARGEST_REQUEST)
            .maxConcurrentCallsPerConnection(MOST_CALLS_PER_CONNECTION)
            .permitKeepAliveTime(1, TimeUnit.SECONDS)
            .permitKeepAliveWithoutCalls(true);
    services.forEach(builder::addService);
    Server server = builder.build().start();
    servers.add(server);
    return server;
  }

  /** Whether whoever has started this process has given it the socket to listen on. */
  public static boolean isGivenSocket() throws IOException {
    return InheritedSocket.find() != null;
  }

  /** Tells who asks for the daemon's health that it takes no new work. */
  public void stopping() {
    health.enterTerminalState();
  }

  /** Ends all calls and connections. */
  @Override
  public void close() throws IOException {
    try {
      servers.forEach(Server::shutdown);
      answer();
      servers.forEach(DaemonServer::end);
      var _ = loop.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS);
      pool.close();
    } finally {
      if (file != null) {
        file.close();
      }
    }
  }

  /** Waits for those whom somebody is working for: the last view is gone before that is told. */
  private void answer() {
    try {
      work.awaitRest(WORK);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Gives calls a moment to end; those that last are cut off. */
  private static void end(Server server) {
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
