package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.store.MissingBlobException;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading many small blobs. */
@Timeout(300)
final class BatchReadTest {
  private final RemoteFixture fixture = new RemoteFixture();
  private final ReapiServer server = fixture.server;
  private final Map<Digest, byte[]> blobs = new LinkedHashMap<>();

  BatchReadTest() throws IOException {
    for (int i = 0; i < 50; i++) {
      byte[] content = RemoteFixture.text(1 + i * 400, i);
      blobs.put(server.put(content), content);
    }
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void readBatch_givesAllInOneCall(boolean compressed) throws IOException {
    if (compressed) {
      server.offer(ReapiServer.Offer.USUAL.compressed());
    }
    checkAll(read(digests()));
    assertThat(server.seen(Rpc.BATCH_READ)).hasSize(1);
    assertThat(server.seen(Rpc.READ)).isEmpty();
  }

  @Test
  void readBatch_keepsToTheServersLimit_andStreamsWhatIsLarger() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.withMaxBatchBytes(15_000));

    checkAll(read(digests()));
    assertThat(server.seen(Rpc.BATCH_READ)).hasSizeGreaterThan(10);
    assertThat(server.seen(Rpc.READ)).isNotEmpty();
  }

  @Test
  void readBatch_whereTheServerHasNone_streams() throws IOException {
    server.lacks(Rpc.BATCH_READ);

    try (RemoteCas remote = fixture.open()) {
      for (int i = 0; i < 2; i++) {
        checkAll(read(remote, digests()));
      }
    }
    assertThat(server.seen(Rpc.BATCH_READ)).hasSize(1);
    assertThat(server.seen(Rpc.READ)).hasSize(2 * blobs.size());
  }

  @Test
  void readBatch_whenTheServerRefusesIt_streams() throws IOException {
    server.next(Rpc.BATCH_READ, new Fault.Fails(Status.Code.INVALID_ARGUMENT, 0));

    checkAll(read(digests()));
  }

  @Test
  void readBatch_ofSomeThatAreMissing_givesTheOthers() throws IOException {
    List<Digest> all = digests();
    Digest missing = all.get(7);
    server.remove(missing);
    Digest wrong = all.get(9);
    server.putWrong(wrong, new byte[10]);

    RemoteFixture.Batch batch = read(all);

    assertThat(batch.answers).isEqualTo(blobs.size());
    assertThat(batch.contents).hasSize(blobs.size() - 2).doesNotContainKeys(missing, wrong);
    assertThat(batch.failures.get(missing))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageContaining(missing.toString());
    assertThat(batch.failures.get(wrong))
        .isInstanceOfSatisfying(
            RemoteException.class, e -> assertThat(e.kind()).isEqualTo(Kind.WRONG_CONTENT))
        .hasMessageContaining(wrong.toString());
  }

  @Test
  void readBatch_whenAnAnswerIsLeftOut_asksForThatAgain() throws IOException {
    server.next(Rpc.BATCH_READ, new Fault.EndsEarly(0));

    checkAll(read(digests()));
    assertThat(server.seen(Rpc.BATCH_READ)).hasSize(2);
  }

  @Test
  void readBatch_whenTheServerFailsForAWhile_triesAgain() throws IOException {
    server.next(
        Rpc.BATCH_READ,
        new Fault.Fails(Status.Code.UNAVAILABLE, 0),
        new Fault.Hangs(0),
        new Fault.Fails(Status.Code.ABORTED, 0));

    try (RemoteCas remote = fixture.open(RemoteFixture.PERSISTENT)) {
      checkAll(read(remote, digests()));
    }
  }

  @Test
  void readBatch_whenTheServerFailsForGood_answersForEach() throws IOException {
    server.choose(
        rpc -> rpc == Rpc.BATCH_READ ? new Fault.Fails(Status.Code.UNAVAILABLE, 0) : null);

    checkAllFailed(read(digests()), Kind.UNAVAILABLE);
  }

  @Test
  void readBatch_whenTheServerDoesNotWantUs_answersForEachAtOnce() throws IOException {
    server.choose(_ -> new Fault.Fails(Status.Code.PERMISSION_DENIED, 0));

    checkAllFailed(read(digests()), Kind.REFUSED);
    assertThat(server.seen()).hasSize(1);
  }

  @Test
  void readBatch_withTinyLimits_givesAll() throws IOException {
    RemoteOptions options = fixture.options().with(new RemoteOptions.Limits(1, 1, 20_000, 20_000));
    server.lacks(Rpc.BATCH_READ);

    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      checkAll(read(remote, digests()));
    }
  }

  @Test
  void readBatch_whenTheSinkFails_throwsThatAndTakesNothingWithIt() throws IOException {
    RemoteOptions options = fixture.options().with(new RemoteOptions.Limits(1, 2, 20_000, 20_000));
    IOException full = new IOException("no room");
    BatchSink failing =
        new BatchSink() {
          @Override
          public void content(Digest digest, ByteBuffer content) throws IOException {
            throw full;
          }

          @Override
          public void failure(Digest digest, IOException cause) throws IOException {
            throw cause;
          }
        };

    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      for (int i = 0; i < 10; i++) {
        assertThatThrownBy(() -> remote.readBatch(digests(), failing)).isSameAs(full);
      }
      checkAll(read(remote, digests()));
    }
  }

  @Test
  void readBatch_ofNothingAndOfTheEmptyBlob_asksNobody() throws IOException {
    Digest empty = DigestFunction.SHA256.empty();
    assertThat(read(List.of()).answers).isZero();
    assertThat(read(List.of(empty, empty)).contents.get(empty)).isEmpty();
    assertThat(server.seen()).isEmpty();
  }

  private List<Digest> digests() {
    return new ArrayList<>(blobs.keySet());
  }

  private RemoteFixture.Batch read(List<Digest> digests) throws IOException {
    try (RemoteCas remote = fixture.open()) {
      return read(remote, digests);
    }
  }

  private static RemoteFixture.Batch read(RemoteCas remote, List<Digest> digests)
      throws IOException {
    RemoteFixture.Batch batch = new RemoteFixture.Batch();
    remote.readBatch(digests, batch);
    return batch;
  }

  private void checkAll(RemoteFixture.Batch batch) {
    assertThat(batch.failures).isEmpty();
    assertThat(batch.answers).isEqualTo(blobs.size());
    blobs.forEach((digest, content) -> assertThat(batch.contents.get(digest)).isEqualTo(content));
  }

  private void checkAllFailed(RemoteFixture.Batch batch, Kind kind) {
    assertThat(batch.answers).isEqualTo(blobs.size());
    assertThat(batch.failures).hasSize(blobs.size());
    batch.failures.forEach(
        (digest, failure) ->
            assertThat(failure)
                .isInstanceOfSatisfying(
                    RemoteException.class, e -> assertThat(e.kind()).isEqualTo(kind))
                .message()
                .containsOnlyOnce(digest.toString()));
  }
}
