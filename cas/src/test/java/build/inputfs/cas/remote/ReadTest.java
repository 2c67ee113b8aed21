package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.ReadRequest;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.store.MissingBlobException;
import io.grpc.Status;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading one blob as a stream, from a server that behaves and from servers that do not. */
@Timeout(300)
final class ReadTest {
  private static final int SIZE = 1_000_003;

  /** For servers that hang often. Whether a read succeeds is up to the machine too. */
  private static final RemoteOptions.Timing HASTY =
      new RemoteOptions.Timing(
          Duration.ofMillis(150),
          Duration.ofSeconds(1),
          5,
          Duration.ofMillis(1),
          Duration.ofMillis(5),
          Duration.ofSeconds(10));

  private final RemoteFixture fixture = new RemoteFixture();
  private final ReapiServer server = fixture.server;
  private final byte[] content = RemoteFixture.random(SIZE, 1);
  private final Digest digest = server.put(content);

  ReadTest() throws IOException {}

  @AfterEach
  void close() throws IOException {
    fixture.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 1 << 10, 1 << 16, 3 << 20})
  void read_inPiecesOfAnySize_givesTheBlob(int chunk) throws IOException {
    server.habits(ReapiServer.Habits.GOOD.withChunk(chunk));
    byte[] small = RemoteFixture.random(chunk == 1 ? 300 : SIZE, 2);
    Digest blob = server.put(small);

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, blob)).isEqualTo(small);
    }
    assertThat(server.seen().getFirst().rpc()).isEqualTo(Rpc.CAPABILITIES);
  }

  @Test
  void read_compressed_givesTheBlob() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.compressed());
    byte[] text = RemoteFixture.text(SIZE, 3);
    Digest blob = server.put(text);

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, blob)).isEqualTo(text);
    }
    assertThat(names()).containsExactly("compressed-blobs/zstd/" + blob);
  }

  @Test
  void read_whenCompressionIsNotWanted_isNot() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.compressed());

    try (RemoteCas remote =
        RemoteCas.open(fixture.options().withCompression(false), DigestFunction.SHA256)) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
    assertThat(names()).containsExactly("blobs/" + digest);
  }

  @Test
  void read_ofTheEmptyBlob_asksNobody() throws IOException {
    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, DigestFunction.SHA256.empty())).isEmpty();
    }
    assertThat(server.seen()).isEmpty();
  }

  @Test
  void read_ofMissingBlob_saysWhichAndWhere() throws IOException {
    server.remove(digest);

    try (RemoteCas remote = fixture.open()) {
      assertThatExceptionOfType(MissingBlobException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, digest))
          .withMessage("missing blob blobs/%s (not on %s)", digest, server.address())
          .satisfies(e -> assertThat(e.digest()).isEqualTo(digest));
    }
    assertThat(server.seen(Rpc.READ)).hasSize(1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Status.Code.class,
      names = {"UNAVAILABLE", "INTERNAL", "ABORTED", "RESOURCE_EXHAUSTED", "UNKNOWN"})
  void read_whenStreamsBreak_goesOnWhereTheyBroke(Status.Code code) throws IOException {
    server.next(
        Rpc.READ,
        new Fault.Fails(code, 100_000),
        /* the probe */ new Fault.Waits(Duration.ZERO),
        new Fault.Fails(code, 0),
        new Fault.Fails(code, 500_000));

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
    assertThat(offsets()).containsExactly(0L, SIZE - 1L, 100_000L, 100_000L, 600_000L);
  }

  @Test
  void read_whenServerIgnoresOffsets_noticesAndStaysRight() throws IOException {
    server.habits(ReapiServer.Habits.GOOD.ignoring(true, true));
    server.next(
        Rpc.READ,
        new Fault.Fails(Status.Code.UNAVAILABLE, 300_000),
        /* the probe */ new Fault.Waits(Duration.ZERO),
        new Fault.Fails(Status.Code.UNAVAILABLE, 100_000));

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
      assertThat(offsets()).containsExactly(0L, SIZE - 1L, 0L, 0L);
      server.forgetSeen();

      assertThat(part(remote, 1_000, 5_000)).isEqualTo(Arrays.copyOfRange(content, 1_000, 6_000));
      assertThat(offsets()).containsExactly(0L);
    }
  }

  @Test
  void read_ofZeros_whenServerIgnoresOffsets_staysRight() throws IOException {
    server.habits(ReapiServer.Habits.GOOD.ignoring(true, true));
    byte[] zeros = new byte[SIZE];
    Digest blob = server.put(zeros);
    server.next(Rpc.READ, new Fault.EndsEarly(300_000));

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, blob)).isEqualTo(zeros);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readOfPart_givesIt_whateverTheServerHears(boolean deaf) throws IOException {
    server.habits(ReapiServer.Habits.GOOD.ignoring(deaf, deaf));
    Random random = new Random(Long.getLong("inputfs.seed", 4));

    try (RemoteCas remote = fixture.open()) {
      for (int i = 0; i < 20; i++) {
        int offset = random.nextInt(SIZE);
        int length = random.nextInt(SIZE - offset + 1);
        assertThat(part(remote, offset, length))
            .isEqualTo(Arrays.copyOfRange(content, offset, offset + length));
      }
      assertThatThrownBy(() -> part(remote, SIZE - 1L, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void readOfPart_whenStreamsBreak_goesOn() throws IOException {
    server.next(
        Rpc.READ,
        /* the probe */ new Fault.Waits(Duration.ZERO),
        new Fault.EndsEarly(1_000),
        new Fault.Fails(Status.Code.UNAVAILABLE, 2_000));

    try (RemoteCas remote = fixture.open()) {
      assertThat(part(remote, 10_000, 50_000))
          .isEqualTo(Arrays.copyOfRange(content, 10_000, 60_000));
    }
    assertThat(offsets()).containsExactly(SIZE - 1L, 10_000L, 11_000L, 13_000L);
  }

  @Test
  void read_whenTheServerHangs_triesAgainAfterTheAttemptsTime() throws IOException {
    server.next(Rpc.READ, new Fault.Hangs(200_000));

    try (RemoteCas remote = fixture.open(RemoteFixture.PERSISTENT)) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
  }

  @Test
  void read_whenTheServerHangsForGood_failsWithDeadline() throws IOException {
    server.choose(rpc -> rpc == Rpc.READ ? new Fault.Hangs(0) : null);

    try (RemoteCas remote = fixture.open(RemoteFixture.QUICK)) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, digest))
          .withMessageContaining(digest.toString())
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.DEADLINE));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void read_ofWrongBytes_failsAndSaysSo(boolean compressed) throws IOException {
    if (compressed) {
      server.offer(ReapiServer.Offer.USUAL.compressed());
    }
    byte[] wrong = content.clone();
    wrong[SIZE / 2] ^= 1;
    server.putWrong(digest, wrong);

    try (RemoteCas remote = fixture.open()) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, digest))
          .withMessageContaining(digest.toString())
          .withMessageContaining("its hash is " + DigestFunction.SHA256.digest(wrong).hex())
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_CONTENT));
    }
  }

  @Test
  void read_ofMoreThanTheSize_failsAndSaysSo() throws IOException {
    server.next(Rpc.READ, new Fault.Adds(10));

    try (RemoteCas remote = fixture.open()) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, digest))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_CONTENT));
    }
  }

  @Test
  void read_ofLessThanTheSize_failsAndSaysSo() throws IOException {
    server.putWrong(digest, Arrays.copyOf(content, 1_000));

    try (RemoteCas remote = fixture.open()) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, digest))
          .withMessageContaining("it ended after 1000 of " + SIZE + " bytes")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_CONTENT));
    }
  }

  @Test
  void read_whenCompressedStreamBreaks_goesOnUncompressed() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.compressed());
    server.next(Rpc.READ, new Fault.Fails(Status.Code.UNAVAILABLE, 400_000));

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
    assertThat(names().getFirst()).startsWith("compressed-blobs/zstd/");
    assertThat(names().getLast()).startsWith("blobs/");
  }

  @Test
  void read_whenCompressedFormIsBroken_takesTheOther() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.compressed());
    server.next(Rpc.READ, new Fault.Corrupts(0));

    try (RemoteCas remote = fixture.open()) {
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
  }

  @Test
  void read_whenNobodyListens_failsWithUnavailable() throws IOException {
    // It is bound, so that nobody else gets the port, but does not listen.
    try (Socket taken = new Socket()) {
      taken.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      RemoteTarget target = RemoteTarget.parse("grpc://localhost:" + taken.getLocalPort());
      try (RemoteCas remote =
          RemoteCas.open(
              RemoteOptions.of(target, RemoteFixture.TOOL).with(RemoteFixture.PATIENT),
              DigestFunction.SHA256)) {
        assertThatExceptionOfType(RemoteException.class)
            .isThrownBy(() -> RemoteFixture.read(remote, digest))
            .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE));
      }
    }
  }

  @Test
  void read_whenTheSinkFails_throwsThatAndEndsTheCall() throws IOException {
    IOException full = new IOException("no room");

    try (RemoteCas remote = fixture.open()) {
      assertThatThrownBy(
              () ->
                  remote.read(
                      digest,
                      _ -> {
                        throw full;
                      }))
          .isSameAs(full);
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
  }

  @Test
  void read_whenInterrupted_ends() throws Exception {
    server.choose(rpc -> rpc == Rpc.READ ? new Fault.Hangs(0) : null);

    try (RemoteCas remote = fixture.open()) {
      FutureTask<byte[]> reading = new FutureTask<>(() -> RemoteFixture.read(remote, digest));
      Thread reader = Thread.ofVirtual().start(reading);
      while (server.seen(Rpc.READ).isEmpty()) {
        Thread.sleep(5);
      }
      reader.interrupt();
      assertThatThrownBy(reading::get).hasCauseInstanceOf(InterruptedIOException.class);
    }
  }

  /**
   * Whatever goes wrong, what is read is right, or it is said that it is not. Who does not give up
   * has it mostly right. {@code -Dinputfs.runs=1000} has it run as often.
   */
  @Test
  void read_withRandomFaults_isRightOrFails() throws IOException {
    long seed = Long.getLong("inputfs.seed", 5);
    Random random = new Random(seed);
    server.record(false);
    server.offer(ReapiServer.Offer.USUAL.compressed());
    server.choose(_ -> random.nextInt(3) == 0 ? fault(random) : null);
    int persistent = 0;
    int right = 0;
    int runs = Integer.getInteger("inputfs.runs", 60);

    for (int run = 0; run < runs; run++) {
      server.habits(ReapiServer.Habits.GOOD.ignoring(random.nextBoolean(), random.nextBoolean()));
      boolean persists = run % 2 == 0;
      persistent += persists ? 1 : 0;
      RemoteOptions options =
          fixture
              .options()
              .with(persists ? RemoteFixture.PERSISTENT : HASTY)
              .withCompression(random.nextBoolean());
      try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
        assertThat(RemoteFixture.read(remote, digest)).as("seed %d", seed).isEqualTo(content);
        right += persists ? 1 : 0;
      } catch (RemoteException e) {
        assertThat(e.kind())
            .as("seed %d: %s", seed, e)
            .isIn(Kind.UNAVAILABLE, Kind.DEADLINE, Kind.WRONG_CONTENT);
      }
    }
    assertThat(right).isGreaterThan(persistent / 3);
  }

  private static Fault fault(Random random) {
    long at = random.nextInt(SIZE);
    return switch (random.nextInt(6)) {
      case 4 -> new Fault.Hangs(at);
      case 0 -> new Fault.Fails(Status.Code.UNAVAILABLE, at);
      case 1 -> new Fault.EndsEarly(at);
      case 2 -> new Fault.Corrupts(at);
      case 3 -> new Fault.Adds(1 + random.nextInt(100));
      default -> new Fault.Waits(Duration.ofMillis(random.nextInt(10)));
    };
  }

  private byte[] part(RemoteCas remote, long offset, long length) throws IOException {
    RemoteFixture.Collector collector = new RemoteFixture.Collector();
    remote.read(digest, offset, length, collector);
    return collector.bytes();
  }

  private List<Long> offsets() {
    return reads().stream().map(ReadRequest::getReadOffset).toList();
  }

  private List<String> names() {
    return reads().stream().map(ReadRequest::getResourceName).toList();
  }

  private List<ReadRequest> reads() {
    return server.seen(Rpc.READ).stream().map(call -> (ReadRequest) call.request()).toList();
  }
}
