package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
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
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon that other machines reach. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class RemoteTest {
  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needs() {
    Machine.need(Strategy.FUSE);
    Machine.needProgram("openssl");
  }

  @Test
  void tcp_isForClientsWithACertificateOfTheAuthorityAlone() throws IOException {
    Path authority = authority("authority");
    Path daemon = signed(authority, "daemon");
    Path client = signed(authority, "client");
    Path stranger = signed(authority("other"), "stranger");
    Server server =
        Server.start(
            bench,
            "--listen",
            "127.0.0.1:0",
            "--tls-cert",
            certificate(daemon).toString(),
            "--tls-key",
            key(daemon).toString(),
            "--tls-client-ca",
            certificate(authority).toString());
    int port = Integer.parseInt(server.process().out().strip().replaceAll(".* port ", ""));
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
