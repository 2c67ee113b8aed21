package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.remote.RemoteOptions.Credentials;
import build.inputfs.cas.remote.testserver.ReapiServer;
import io.grpc.TlsServerCredentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Servers that show a certificate, and those that want one. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class TlsTest {
  private final Path folder;
  private final byte[] content = RemoteFixture.random(1_000_000, 1);
  private final Digest digest = DigestFunction.SHA256.digest(content);
  private @Nullable Certificates server;
  private @Nullable Certificates client;

  TlsTest(@TempDir Path folder) {
    this.folder = folder;
  }

  @BeforeAll
  void makeCertificates() throws Exception {
    server = Certificates.make(folder, "server");
    client = Certificates.make(folder, "client");
  }

  @Test
  void read_overTls_givesTheBlob_andShowsTheToken() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "secret");
    try (ReapiServer tls = start(null)) {
      Credentials trusting =
          new Credentials(made(server).certificate(), null, null, token, List.of());
      try (RemoteCas remote = open(tls, trusting)) {
        assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
      }
      assertThat(tls.seen().getLast().header("authorization")).isEqualTo("Bearer secret");
    }
  }

  @Test
  void read_fromAServerThatNobodyKnows_isRefusedAtOnce() throws IOException {
    try (ReapiServer tls = start(null);
        RemoteCas remote = open(tls, Credentials.NONE)) {
      refused(remote);
    }
  }

  @Test
  void read_fromAServerWithoutTls_saysSoInOneLine() throws IOException {
    try (ReapiServer plain = ReapiServer.start();
        RemoteCas remote = open(plain, Credentials.NONE)) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, digest))
          .withMessageContaining("not an SSL/TLS record")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED))
          .satisfies(e -> assertThat(e.getMessage()).doesNotContain("Pipeline", "\n"));
    }
  }

  @Test
  void read_withACertificateOfOurOwn_givesTheBlob() throws IOException {
    try (ReapiServer tls = start(made(client).certificate())) {
      Credentials mutual =
          new Credentials(
              made(server).certificate(),
              made(client).certificate(),
              made(client).key(),
              null,
              List.of());
      try (RemoteCas remote = open(tls, mutual)) {
        assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
      }
    }
  }

  @Test
  void read_withoutTheCertificateThatTheServerWants_fails() throws IOException {
    try (ReapiServer tls = start(made(client).certificate())) {
      Credentials trusting =
          new Credentials(made(server).certificate(), null, null, null, List.of());
      try (RemoteCas remote = open(tls, trusting)) {
        assertThatExceptionOfType(RemoteException.class)
            .isThrownBy(() -> RemoteFixture.read(remote, digest))
            .satisfies(e -> assertThat(e.kind()).isIn(Kind.REFUSED, Kind.UNAVAILABLE));
      }
    }
  }

  private void refused(RemoteCas remote) {
    assertThatExceptionOfType(RemoteException.class)
        .isThrownBy(() -> RemoteFixture.read(remote, digest))
        .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED));
  }

  private ReapiServer start(@Nullable Path clients) throws IOException {
    TlsServerCredentials.Builder credentials =
        TlsServerCredentials.newBuilder()
            .keyManager(made(server).certificate().toFile(), made(server).key().toFile());
    if (clients != null) {
      credentials
          .trustManager(clients.toFile())
          .clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
    }
    ReapiServer started = ReapiServer.start(credentials.build(), 0);
    assertThat(started.put(content)).isEqualTo(digest);
    return started;
  }

  private static RemoteCas open(ReapiServer tls, Credentials credentials) throws IOException {
    return RemoteCas.open(
        RemoteOptions.of(RemoteTarget.parse("grpcs://localhost:" + tls.port()), RemoteFixture.TOOL)
            .with(RemoteFixture.PATIENT)
            .with(credentials),
        DigestFunction.SHA256);
  }

  private static Certificates made(@Nullable Certificates certificates) {
    if (certificates == null) {
      throw new IllegalStateException("not made yet");
    }
    return certificates;
  }
}
