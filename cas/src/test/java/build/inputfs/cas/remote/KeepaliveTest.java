package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.remote.testserver.DelayRelay;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Connections that die without a word, as when a machine on the way loses what it knew. */
@Timeout(300)
final class KeepaliveTest {
  /** So long that nothing but keepalive ends an attempt while this test runs. */
  private static final RemoteOptions.Timing PATIENT =
      new RemoteOptions.Timing(
          Duration.ofMinutes(10),
          Duration.ofMinutes(10),
          4,
          Duration.ofMillis(5),
          Duration.ofMillis(20),
          Duration.ofSeconds(10));

  private final RemoteFixture fixture = new RemoteFixture();

  KeepaliveTest() throws IOException {}

  @AfterEach
  void close() throws IOException {
    fixture.close();
  }

  @Test
  void read_whenTheConnectionIsDead_isDoneOverANewOne() throws IOException {
    byte[] content = RemoteFixture.random(100_000, 1);
    Digest digest = fixture.server.put(content);
    try (DelayRelay relay = new DelayRelay(fixture.server.port(), Duration.ZERO);
        RemoteCas remote =
            RemoteCas.open(
                RemoteOptions.of(
                        RemoteTarget.parse("grpc://localhost:" + relay.port()), RemoteFixture.TOOL)
                    .with(PATIENT),
                DigestFunction.SHA256)) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
      int before = relay.connections();

      relay.silence();
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
      assertThat(relay.connections()).isGreaterThan(before);
    }
  }
}
