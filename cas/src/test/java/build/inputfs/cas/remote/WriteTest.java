package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.WriteRequest;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreAccess;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sending blobs out of a local store. */
@Timeout(300)
final class WriteTest {
  /** What was sent of what the server lacked. */
  private record Sent(List<Digest> missing, Map<Digest, IOException> failures) {
    List<Digest> sent() {
      return missing.stream().filter(digest -> !failures.containsKey(digest)).toList();
    }
  }

  private static final int LARGE = 6_000_000;

  private final RemoteFixture fixture = new RemoteFixture();
  private final ReapiServer server = fixture.server;
  private final Map<Digest, byte[]> blobs = new LinkedHashMap<>();
  private final LocalStore store;
  private final Digest large;

  WriteTest(@TempDir Path folder) throws IOException {
    store =
        LocalStore.open(
            folder.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolve("private"),
            Posix.load());
    large = put(RemoteFixture.text(LARGE, 100));
  }

  @BeforeEach
  void fill() throws IOException {
    for (int i = 0; i < 40; i++) {
      put(RemoteFixture.text(1 + i * 300, i));
    }
  }

  @AfterEach
  void close() throws IOException {
    store.close();
    fixture.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void upload_sendsWhatIsMissing_andNothingElse(boolean compressed) throws IOException {
    if (compressed) {
      server.offer(ReapiServer.Offer.USUAL.compressed());
    }
    List<Digest> all = digests();
    Digest there = all.get(5);
    server.put(contents(there));

    try (RemoteCas remote = fixture.open()) {
      Sent report = upload(remote, all);
      assertThat(report.failures()).isEmpty();
      assertThat(report.sent()).hasSize(all.size() - 1);
      assertThat(BatchPlan.bytes(report.sent())).isEqualTo(BatchPlan.bytes(all) - there.size());
      checkThere();

      server.forgetSeen();
      assertThat(upload(remote, all).missing()).isEmpty();
      assertThat(server.seen()).hasSize(1);
    }
  }

  @Test
  void upload_putsSmallBlobsInOneBatch_andStreamsTheLargeOne() throws IOException {
    try (RemoteCas remote = fixture.open()) {
      assertThat(upload(remote, digests()).failures()).isEmpty();
    }
    assertThat(server.seen(Rpc.BATCH_UPDATE)).hasSize(1);
    assertThat(server.seen(Rpc.WRITE)).hasSize(1);
    assertThat(name(0)).matches("uploads/[0-9a-f-]{36}/blobs/" + large);
  }

  @Test
  void upload_whereTheServerHasNoBatches_streams() throws IOException {
    server.lacks(Rpc.BATCH_UPDATE);

    try (RemoteCas remote = fixture.open()) {
      assertThat(upload(remote, digests()).failures()).isEmpty();
    }
    checkThere();
    assertThat(server.seen(Rpc.WRITE)).hasSize(blobs.size());
  }

  @Test
  void upload_whenTheServerRefusesABatch_streams() throws IOException {
    server.next(Rpc.BATCH_UPDATE, new Fault.Fails(Status.Code.INVALID_ARGUMENT, 0));

    try (RemoteCas remote = fixture.open()) {
      assertThat(upload(remote, digests()).failures()).isEmpty();
    }
    checkThere();
  }

  @Test
  void upload_whenTheServerFailsForAWhile_triesAgain() throws IOException {
    server.next(Rpc.FIND_MISSING, new Fault.Fails(Status.Code.UNAVAILABLE, 0));
    server.next(
        Rpc.BATCH_UPDATE, new Fault.Fails(Status.Code.UNAVAILABLE, 0), new Fault.EndsEarly(0));
    server.next(Rpc.WRITE, new Fault.Fails(Status.Code.UNAVAILABLE, 0));

    try (RemoteCas remote = fixture.open()) {
      assertThat(upload(remote, digests()).failures()).isEmpty();
    }
    checkThere();
  }

  @Test
  void upload_ofABlobThatIsNotHere_sendsTheOthersAndSaysSo() throws IOException {
    Digest unknown = DigestFunction.SHA256.digest(new byte[77]);
    List<Digest> all = digests();
    all.add(3, unknown);

    try (RemoteCas remote = fixture.open()) {
      Sent report = upload(remote, all);
      assertThat(report.failures()).containsOnlyKeys(unknown);
      assertThat(report.failures().get(unknown))
          .isInstanceOf(MissingBlobException.class)
          .hasMessageContaining(unknown.toString());
    }
    checkThere();
  }

  @Test
  void upload_whenTheServerDoesNotWantIt_saysSoOfEach() throws IOException {
    server.choose(
        rpc ->
            rpc == Rpc.BATCH_UPDATE || rpc == Rpc.WRITE
                ? new Fault.Fails(Status.Code.PERMISSION_DENIED, 0)
                : null);

    try (RemoteCas remote = fixture.open()) {
      Sent report = upload(remote, digests());
      assertThat(report.sent()).isEmpty();
      assertThat(report.failures()).hasSize(blobs.size());
      report
          .failures()
          .forEach(
              (digest, failure) ->
                  assertThat(failure)
                      .hasMessageContaining(digest.toString())
                      .isInstanceOfSatisfying(
                          RemoteException.class,
                          e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED)));
    }
  }

  @Test
  void write_whenTheStreamBreaks_goesOnWhereTheServerSays() throws IOException {
    server.next(
        Rpc.WRITE,
        new Fault.Fails(Status.Code.UNAVAILABLE, 2_000_000),
        new Fault.Fails(Status.Code.INTERNAL, 1_500_000));

    try (RemoteCas remote = fixture.open()) {
      remote.write(large, store::openBlobChannel);
    }
    assertThat(server.get(large)).isEqualTo(contents(large));
    assertThat(offsets()).containsExactly(0L, 2_000_000L, 3_500_000L);
    assertThat(name(0)).isEqualTo(name(1)).isEqualTo(name(2));
  }

  @Test
  void write_whenTheServerHasForgotten_beginsAnew() throws IOException {
    server.habits(ReapiServer.Habits.GOOD.forgetting());
    server.next(Rpc.WRITE, new Fault.Fails(Status.Code.UNAVAILABLE, 2_000_000));

    try (RemoteCas remote = fixture.open()) {
      remote.write(large, store::openBlobChannel);
    }
    assertThat(server.get(large)).isEqualTo(contents(large));
    assertThat(offsets()).containsExactly(0L, 0L);
    assertThat(name(0)).isNotEqualTo(name(1));
  }

  @Test
  void write_whereTheServerCannotBeAsked_beginsAnew() throws IOException {
    server.lacks(Rpc.QUERY_WRITE);
    server.next(Rpc.WRITE, new Fault.Fails(Status.Code.UNAVAILABLE, 2_000_000));

    try (RemoteCas remote = fixture.open()) {
      remote.write(large, store::openBlobChannel);
    }
    assertThat(server.get(large)).isEqualTo(contents(large));
  }

  @Test
  void write_compressed_whenTheStreamBreaks_beginsAnew() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.compressed());
    server.next(Rpc.WRITE, new Fault.Fails(Status.Code.UNAVAILABLE, 500_000));

    try (RemoteCas remote = fixture.open()) {
      remote.write(large, store::openBlobChannel);
    }
    assertThat(server.get(large)).isEqualTo(contents(large));
    assertThat(offsets()).containsExactly(0L, 0L);
    assertThat(name(1)).contains("/compressed-blobs/zstd/");
  }

  @Test
  void write_ofWhatTheServerHas_sendsNoMoreThanItMust() throws IOException {
    server.put(contents(large));

    try (RemoteCas remote = fixture.open()) {
      remote.write(large, store::openBlobChannel);
    }
    assertThat(server.seen(Rpc.WRITE)).hasSize(1);
  }

  @Test
  void write_ofWhatTheServerSaysIsThere_isDone() throws IOException {
    server.next(Rpc.WRITE, new Fault.Fails(Status.Code.ALREADY_EXISTS, 300_000));

    try (RemoteCas remote = fixture.open()) {
      remote.write(large, store::openBlobChannel);
    }
    assertThat(server.seen(Rpc.WRITE)).hasSize(1);
  }

  @Test
  void write_whenTheServerHangs_failsWithDeadline() throws IOException {
    server.choose(rpc -> rpc == Rpc.WRITE ? new Fault.Hangs(0) : null);

    try (RemoteCas remote = fixture.open(RemoteFixture.QUICK)) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> remote.write(large, store::openBlobChannel))
          .withMessageContaining(large.toString())
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.DEADLINE));
    }
  }

  @Test
  void write_whenTheServerFailsForGood_fails() throws IOException {
    server.choose(
        rpc -> rpc == Rpc.WRITE ? new Fault.Fails(Status.Code.UNAVAILABLE, 300_000) : null);
    server.lacks(Rpc.QUERY_WRITE);

    try (RemoteCas remote = fixture.open()) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> remote.write(large, store::openBlobChannel))
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.UNAVAILABLE));
    }
  }

  /** Whatever goes wrong, what is said to be there is there, and is right. */
  @Test
  void upload_withRandomFaults_saysWhatIsThere() throws IOException {
    long seed = Long.getLong("inputfs.seed", 6);
    Random random = new Random(seed);
    server.record(false);
    server.offer(ReapiServer.Offer.USUAL.compressed());
    int sent = 0;

    for (int run = 0; run < 25; run++) {
      server.choose(_ -> random.nextInt(3) == 0 ? fault(random) : null);
      RemoteOptions options = fixture.options().withCompression(random.nextBoolean());
      try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
        Sent report = upload(remote, digests());
        for (Digest digest : digests()) {
          if (!report.failures().containsKey(digest)) {
            assertThat(server.get(digest)).as("seed %d", seed).isEqualTo(contents(digest));
            sent++;
          }
        }
      } catch (RemoteException e) {
        assertThat(e.kind()).as("seed %d: %s", seed, e).isIn(Kind.UNAVAILABLE, Kind.DEADLINE);
      }
      for (Digest digest : digests()) {
        server.remove(digest);
      }
    }
    assertThat(sent).isGreaterThan(300);
  }

  private static Fault fault(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> new Fault.Fails(Status.Code.UNAVAILABLE, random.nextInt(LARGE));
      case 1 -> new Fault.EndsEarly(0);
      default -> new Fault.Fails(Status.Code.ABORTED, 0);
    };
  }

  private Digest put(byte[] content) throws IOException {
    Digest digest = store.put(content);
    blobs.put(digest, content);
    return digest;
  }

  private Sent upload(RemoteCas remote, List<Digest> digests) throws IOException {
    List<Digest> missing = remote.findMissing(digests);
    return new Sent(missing, remote.write(missing, store::openBlobChannel));
  }

  private List<Digest> digests() {
    return new ArrayList<>(blobs.keySet());
  }

  private byte[] contents(Digest digest) {
    byte[] content = blobs.get(digest);
    if (content == null) {
      throw new AssertionError(digest);
    }
    return content;
  }

  private void checkThere() throws IOException {
    for (Digest digest : digests()) {
      assertThat(server.get(digest)).isEqualTo(contents(digest));
    }
  }

  private String name(int call) {
    return writes().get(call).getResourceName();
  }

  private List<Long> offsets() {
    return writes().stream().map(WriteRequest::getWriteOffset).toList();
  }

  private List<WriteRequest> writes() {
    return server.seen(Rpc.WRITE).stream().map(call -> (WriteRequest) call.request()).toList();
  }
}
