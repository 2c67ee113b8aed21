package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.app.proto.HoldLeaseRequest;
import build.inputfs.app.proto.LeaseState;
import build.inputfs.app.proto.ListViewsRequest;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon that other machines reach. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class RemoteTest {
  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needs() {
    Machine.need(Strategy.FUSE);
    Machine.needProgram("openssl");
  }

  /** A daemon that listens on TCP, for clients that {@code authority} has signed. */
  private Server listening(Path authority, Path daemon) {
    return Server.start(
        bench,
        "--listen",
        "127.0.0.1:0",
        "--tls-cert",
        certificate(daemon).toString(),
        "--tls-key",
        key(daemon).toString(),
        "--tls-client-ca",
        certificate(authority).toString());
  }

  private static int port(Server server) {
    return Integer.parseInt(server.process().out().strip().replaceAll(".* port ", ""));
  }

  @Test
  void tcp_isForClientsWithACertificateOfTheAuthorityAlone() throws IOException {
    Path authority = authority("authority");
    Path daemon = signed(authority, "daemon");
    Path client = signed(authority, "client");
    Path stranger = signed(authority("other"), "stranger");
    Server server = listening(authority, daemon);
    int port = port(server);
    assertThat(pid(port, credentials(authority, client))).isEqualTo(server.process().pid());
    assertThatThrownBy(() -> pid(port, credentials(authority, stranger)))
        .isInstanceOf(StatusRuntimeException.class);
    assertThatThrownBy(
            () ->
                pid(
                    port,
                    TlsChannelCredentials.newBuilder()
                        .trustManager(certificate(authority).toFile())
                        .build()))
        .isInstanceOf(StatusRuntimeException.class)
        .satisfies(
            e -> assertThat(Status.fromThrowable(e).getCode()).isEqualTo(Status.Code.UNAVAILABLE));
    var health =
        HealthGrpc.newBlockingStub(server.channel()).check(HealthCheckRequest.getDefaultInstance());
    assertThat(health.getStatus()).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void client_whoseNetworkIsGone_losesItsViews() throws Exception {
    BlobName root = Trees.mixed().putInto(bench.store());
    Path authority = authority("authority");
    Path daemon = signed(authority, "daemon");
    Path client = signed(authority, "client");
    Server server = listening(authority, daemon);
    int port = port(server);
    Network network = bench.keep(Network.to(port));
    ManagedChannel channel =
        NettyChannelBuilder.forAddress("127.0.0.1", network.port(), credentials(authority, client))
            .build();
    bench.keep(channel::shutdownNow);
    ViewsGrpc.ViewsBlockingStub views = ViewsGrpc.newBlockingStub(channel);
    LeaseState lease = views.holdLease(HoldLeaseRequest.getDefaultInstance()).next();
    View view = views.createView(Server.request(root).setLease(lease.getLease()).build());
    assertThat(ProcFs.mountsBelow(Path.of(view.getPath()))).isNotEmpty();
    network.vanish();
    long gone = System.nanoTime();
    while (!ProcFs.mountsBelow(Path.of(view.getPath())).isEmpty()) {
      assertThat(System.nanoTime() - gone).isLessThan(Server.PATIENCE.toNanos());
      Workbench.pause();
    }
    System.out.printf(
        Locale.ROOT,
        "the view of a client without a network was gone after %.1f s%n",
        (System.nanoTime() - gone) / 1e9);
    while (server.views().listViews(ListViewsRequest.getDefaultInstance()).getViewsCount() > 0) {
      assertThat(System.nanoTime() - gone).isLessThan(Server.PATIENCE.toNanos());
      Workbench.pause();
    }
  }

  /** A network to a port of this machine, which can be made to vanish: no byte passes then. */
  private static final class Network implements AutoCloseable {
    private final ServerSocket listening;
    private final int target;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private volatile boolean vanished;

    private Network(ServerSocket listening, int target) {
      this.listening = listening;
      this.target = target;
    }

    static Network to(int target) throws IOException {
      Network network =
          new Network(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()), target);
      var _ = Thread.ofVirtual().start(network::accept);
      return network;
    }

    int port() {
      return listening.getLocalPort();
    }

    void vanish() {
      vanished = true;
    }

    private void accept() {
      try {
        while (true) {
          Socket near = listening.accept();
          Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
          sockets.addAll(List.of(near, far));
          var _ = Thread.ofVirtual().start(() -> pass(near, far));
          var _ = Thread.ofVirtual().start(() -> pass(far, near));
        }
      } catch (IOException e) {
        // It was closed.
      }
    }

    private void pass(Socket from, Socket to) {
      byte[] buffer = new byte[1 << 14];
      try {
        for (int length = 0; length >= 0; length = from.getInputStream().read(buffer)) {
          if (!vanished) {
            to.getOutputStream().write(buffer, 0, length);
          }
        }
      } catch (IOException e) {
        // One side has ended, of which the other hears nothing: as in a network that is gone.
      }
    }

    @Override
    public void close() throws IOException {
      listening.close();
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void tcp_withoutCertificates_isWrongUsage() {
    Outcome outcome = bench.inputfs("daemon", "--listen", "127.0.0.1:0");
    assertThat(outcome.exit()).isEqualTo(2);
    assertThat(outcome.err()).contains("no TCP without TLS");
  }

  private static long pid(int port, ChannelCredentials credentials) {
    ManagedChannel channel = NettyChannelBuilder.forAddress("127.0.0.1", port, credentials).build();
    try {
      return DaemonGrpc.newBlockingStub(channel)
          .withDeadlineAfter(1, TimeUnit.MINUTES)
          .getInfo(GetInfoRequest.getDefaultInstance())
          .getPid();
    } finally {
      var _ = channel.shutdownNow();
    }
  }

  private static ChannelCredentials credentials(Path authority, Path own) throws IOException {
    return TlsChannelCredentials.newBuilder()
        .trustManager(certificate(authority).toFile())
        .keyManager(certificate(own).toFile(), key(own).toFile())
        .build();
  }

  private static Path certificate(Path name) {
    return name.resolveSibling(name.getFileName() + ".pem");
  }

  private static Path key(Path name) {
    return name.resolveSibling(name.getFileName() + ".key");
  }

  /** Makes an authority that signs itself. */
  private Path authority(String name) {
    return make(
        name, "-x509", "-subj", "/CN=" + name, "-addext", "basicConstraints=critical,CA:TRUE");
  }

  /** Makes a certificate for this machine that an authority has signed. */
  private Path signed(Path authority, String name) {
    return make(
        name,
        "-x509",
        "-CA",
        certificate(authority).toString(),
        "-CAkey",
        key(authority).toString(),
        "-subj",
        "/CN=" + name,
        "-addext",
        "basicConstraints=critical,CA:FALSE",
        "-addext",
        "subjectAltName=IP:127.0.0.1");
  }

  private Path make(String name, String... more) {
    Path path = bench.folder().resolve(name);
    List<String> command =
        new ArrayList<>(
            List.of(
                "openssl",
                "req",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days",
                "2",
                "-keyout",
                key(path).toString(),
                "-out",
                certificate(path).toString()));
    command.addAll(List.of(more));
    Child.run(bench.folder(), Server.PATIENCE, command).ok();
    return path;
  }
}
