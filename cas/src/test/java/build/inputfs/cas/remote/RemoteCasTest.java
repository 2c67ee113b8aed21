package build.inputfs.cas.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.RequestMetadata;
import build.inputfs.cas.remote.RemoteException.Kind;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.remote.testserver.SeenCall;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a server says of itself, who it is told that asks, and what it lacks. */
@Timeout(300)
final class RemoteCasTest {
  private static final ContentSource NOTHING =
      digest -> {
        throw new IOException("nothing is to be sent: " + digest);
      };

  private final RemoteFixture fixture = new RemoteFixture();
  private final ReapiServer server = fixture.server;
  private final Path folder;

  RemoteCasTest(@TempDir Path folder) throws IOException {
    this.folder = folder;
  }

  @AfterEach
  void close() throws IOException {
    fixture.close();
  }

  @Test
  void capabilities_areAskedOnceAndFirst() throws IOException {
    Digest digest = server.put(new byte[10]);
    server.offer(ReapiServer.Offer.USUAL.compressed().withMaxBatchBytes(1 << 20));

    try (RemoteCas remote = fixture.open()) {
      assertThat(remote.findMissing(List.of(digest))).isEmpty();
      assertThat(remote.capabilities())
          .isEqualTo(new RemoteCapabilities(List.of("SHA256"), 1 << 20, true, true, 0));
      assertThat(remote.largestInBatch()).isLessThan(1 << 20).isGreaterThan((1 << 20) - 1000);
    }
    assertThat(server.seen())
        .extracting(SeenCall::rpc)
        .containsExactly(Rpc.CAPABILITIES, Rpc.FIND_MISSING);
  }

  @Test
  void capabilities_withoutTheDigestFunction_areRefused() throws IOException {
    server.offer(ReapiServer.Offer.USUAL.withDigestFunctions("SHA1", "BLAKE3"));

    try (RemoteCas remote = fixture.open()) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(remote::capabilities)
          .withMessageContaining("digest function SHA256: the server has SHA1, BLAKE3")
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.UNSUPPORTED));
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> RemoteFixture.read(remote, DigestFunction.SHA256.digest(new byte[1])));
    }
    assertThat(server.seen(Rpc.READ)).isEmpty();
  }

  @Test
  void capabilities_thatCannotBeHad_areToldWithTheBlobThatNeedsThem() throws IOException {
    server.choose(
        rpc -> rpc == Rpc.CAPABILITIES ? new Fault.Fails(Status.Code.PERMISSION_DENIED, 0) : null);
    byte[] content = RemoteFixture.text(1000, 1);
    Digest digest = server.put(content);
    RemoteFixture.Collector nothing = new RemoteFixture.Collector();

    try (RemoteCas remote = fixture.open()) {
      List<ThrowingCallable> calls =
          List.of(
              () -> remote.read(digest, nothing),
              () -> remote.read(digest, 5, 5, nothing),
              () -> remote.readUnverified(digest, nothing),
              () -> remote.tree(digest, (_, _) -> {}),
              () -> remote.findMissing(List.of(digest)),
              () -> remote.write(digest, NOTHING),
              () -> remote.write(List.of(digest), NOTHING));
      for (ThrowingCallable call : calls) {
        assertThatExceptionOfType(RemoteException.class)
            .isThrownBy(call)
            .withMessageStartingWith("refused by the remote " + server.address())
            .withMessageContaining("blobs/" + digest + " (asking what it can do: PERMISSION_DENIED")
            .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED));
      }
      RemoteFixture.Batch batch = new RemoteFixture.Batch();
      remote.readBatch(List.of(digest), batch);
      assertThat(batch.failures.get(digest)).hasMessageContaining("blobs/" + digest);
    }
  }

  @Test
  void capabilities_thatManyWantAtOnce_areAskedOnce() throws Exception {
    server.next(Rpc.CAPABILITIES, new Fault.Waits(Duration.ofMillis(200)));
    byte[] content = RemoteFixture.text(1000, 1);
    Digest digest = server.put(content);

    try (RemoteCas remote = fixture.open();
        ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<byte[]>> reading = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        reading.add(readers.submit(() -> RemoteFixture.read(remote, digest)));
      }
      for (Future<byte[]> each : reading) {
        assertThat(each.get()).isEqualTo(content);
      }
    }
    assertThat(server.seen(Rpc.CAPABILITIES)).hasSize(1);
  }

  @Test
  void capabilities_thatTheServerDoesNotTell_areTheLeast() throws IOException {
    server.lacks(Rpc.CAPABILITIES);
    byte[] content = RemoteFixture.text(1000, 1);
    Digest digest = server.put(content);

    try (RemoteCas remote = fixture.open()) {
      assertThat(remote.capabilities()).isEqualTo(RemoteCapabilities.LEAST);
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
    }
  }

  @Test
  void findMissing_tellsWhatIsNotThere() throws IOException {
    List<Digest> missing = new ArrayList<>();
    List<Digest> all = new ArrayList<>(List.of(DigestFunction.SHA256.empty()));
    for (int i = 0; i < 100; i++) {
      byte[] content = RemoteFixture.random(10, i);
      Digest digest = DigestFunction.SHA256.digest(content);
      all.add(digest);
      if (i % 3 == 0) {
        missing.add(digest);
      } else {
        server.put(content);
      }
    }
    all.addAll(missing);

    try (RemoteCas remote = fixture.open()) {
      assertThat(remote.findMissing(all)).containsExactlyElementsOf(missing);
      assertThat(remote.findMissing(List.of())).isEmpty();
    }
    assertThat(server.seen(Rpc.FIND_MISSING)).hasSize(1);
  }

  @Test
  void findMissing_whenTheServerFailsForAWhile_triesAgain() throws IOException {
    server.next(
        Rpc.FIND_MISSING,
        new Fault.Fails(Status.Code.UNAVAILABLE, 0),
        new Fault.Fails(Status.Code.ABORTED, 0),
        new Fault.Fails(Status.Code.RESOURCE_EXHAUSTED, 0));
    Digest digest = DigestFunction.SHA256.digest(new byte[1]);

    try (RemoteCas remote = fixture.open()) {
      assertThat(remote.findMissing(List.of(digest))).containsExactly(digest);
      assertThat(retries(remote)).isEqualTo(3);
    }
  }

  @Test
  void findMissing_whenTheServerHangsForAWhile_triesAgain() throws IOException {
    server.next(Rpc.FIND_MISSING, new Fault.Hangs(0), new Fault.Hangs(0));
    Digest digest = DigestFunction.SHA256.digest(new byte[1]);

    try (RemoteCas remote = fixture.open(RemoteFixture.PERSISTENT)) {
      assertThat(remote.findMissing(List.of(digest))).containsExactly(digest);
      assertThat(retries(remote)).isGreaterThanOrEqualTo(2);
    }
  }

  private static long retries(RemoteCas remote) {
    List<Long> retries = new ArrayList<>();
    remote.meter(
        reading -> {
          if (reading.name().equals("remote_retries")) {
            retries.add(reading.value());
          }
        });
    assertThat(retries).hasSize(1);
    return retries.getFirst();
  }

  @ParameterizedTest
  @EnumSource
  void calls_withAnyDigestFunction_work(DigestFunction function) throws IOException {
    server.offer(ReapiServer.Offer.USUAL.compressed().withDigestFunctions(function.name()));
    byte[] content = RemoteFixture.text(300_000, 1);
    Digest there = server.put(content, function);
    byte[] other = RemoteFixture.text(5_000_000, 2);
    Digest large = function.digest(other);
    Digest small = function.digest(content);
    Path file = Files.write(folder.resolve("large"), other);

    try (RemoteCas remote = RemoteCas.open(fixture.options(), function)) {
      assertThat(RemoteFixture.read(remote, there)).isEqualTo(content);
      RemoteFixture.Batch batch = new RemoteFixture.Batch();
      remote.readBatch(List.of(there), batch);
      assertThat(batch.contents.get(there)).isEqualTo(content);
      assertThat(remote.findMissing(List.of(large, small))).containsExactly(large);
      remote.write(large, _ -> Files.newByteChannel(file));
      server.remove(small);
      Files.write(file, content);
      assertThat(remote.write(List.of(small), _ -> Files.newByteChannel(file))).isEmpty();
      assertThat(RemoteFixture.read(remote, large)).isEqualTo(other);
      Digest root = server.put(directory(function.empty()), function);
      List<Digest> read = new ArrayList<>();
      remote.tree(root, (digest, _) -> read.add(digest));
      assertThat(read).contains(root);
    }
  }

  /** A directory with an empty one in it. */
  private static byte[] directory(Digest empty) {
    return Directory.newBuilder()
        .addDirectories(DirectoryNode.newBuilder().setName("d").setDigest(Digests.toProto(empty)))
        .build()
        .toByteArray();
  }

  @Test
  void calls_ofAnInstance_nameIt() throws IOException {
    server.habits(ReapiServer.Habits.GOOD.withInstance("team/main"));
    byte[] content = RemoteFixture.text(1000, 1);
    Digest digest = server.put(content);

    try (RemoteCas remote = fixture.open()) {
      assertThat(remote.target().instance()).isEqualTo("team/main");
      assertThat(RemoteFixture.read(remote, digest)).isEqualTo(content);
      assertThat(remote.findMissing(List.of(digest))).isEmpty();
      RemoteFixture.Batch batch = new RemoteFixture.Batch();
      remote.readBatch(List.of(digest), batch);
      assertThat(batch.contents).containsKey(digest);
    }
  }

  @Test
  void calls_ofAnUnknownInstance_fail() throws IOException {
    server.habits(ReapiServer.Habits.GOOD.withInstance("other"));
    RemoteOptions options =
        RemoteOptions.of(
            RemoteTarget.parse("grpc://localhost:" + server.port()), RemoteFixture.TOOL);

    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(remote::capabilities)
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.NOT_FOUND));
    }
  }

  @Test
  void calls_sayForWhomTheyAreMade() throws IOException {
    Digest digest = server.put(new byte[10]);

    try (RemoteCas remote = fixture.open()) {
      RemoteCas action = remote.forAction("abc", "run-7");
      assertThat(action.findMissing(List.of(digest))).isEmpty();
      action.close();
      assertThat(remote.findMissing(List.of(digest))).isEmpty();
    }
    RequestMetadata first = server.seen(Rpc.FIND_MISSING).getFirst().metadata();
    assertThat(first.getActionId()).isEqualTo("abc");
    assertThat(first.getToolInvocationId()).isEqualTo("run-7");
    RequestMetadata second = server.seen(Rpc.FIND_MISSING).getLast().metadata();
    assertThat(second.getActionId()).isEmpty();
    assertThat(second.getToolDetails().getToolName()).isEqualTo("wire-test");
    assertThat(second.getToolDetails().getToolVersion()).isEqualTo("1.2");
    assertThat(server.seen())
        .allSatisfy(call -> assertThat(call.metadata().hasToolDetails()).isTrue());
  }

  @Test
  void calls_ofAProgramsRun_nameIt() throws IOException {
    RemoteOptions options =
        RemoteOptions.of(
            RemoteTarget.parse(server.address()), new RemoteOptions.Tool("tool", "1", "run-8"));
    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      assertThat(remote.findMissing(List.of(server.put(new byte[10])))).isEmpty();
    }
    assertThat(server.seen())
        .hasSize(2)
        .allSatisfy(call -> assertThat(call.metadata().getToolInvocationId()).isEqualTo("run-8"));
  }

  @Test
  void calls_showWhatIsInFiles_asItIsNow() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "secret-1\n");
    Path headers = Files.writeString(folder.resolve("headers"), "# ours\n\nX-Team: blue\n");
    RemoteOptions options =
        fixture
            .options()
            .with(new RemoteOptions.Credentials(null, null, null, token, List.of(headers)));

    try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      var _ = remote.capabilities();
      assertThat(server.seen().getLast().header("authorization")).isEqualTo("Bearer secret-1");
      assertThat(server.seen().getLast().header("x-team")).isEqualTo("blue");

      Files.writeString(token, "secret-two");
      Files.writeString(headers, "x-team: green\nx-more: 1");
      var _ = remote.findMissing(List.of(DigestFunction.SHA256.digest(new byte[1])));
      assertThat(server.seen().getLast().header("authorization")).isEqualTo("Bearer secret-two");
      assertThat(server.seen().getLast().header("x-team")).isEqualTo("green");
      assertThat(server.seen().getLast().header("x-more")).isEqualTo("1");

      Files.delete(token);
      assertThatExceptionOfType(RemoteException.class)
          .isThrownBy(() -> remote.findMissing(List.of(DigestFunction.SHA256.digest(new byte[1]))))
          .withMessageContaining(token.toString())
          .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED));
    }
  }

  @Test
  void calls_withATokenThatHasJustBecomeAnother_areMadeOnceMore() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "old");
    FileTime time = FileTime.fromMillis(1_000_000_000_000L);
    Files.setLastModifiedTime(token, time);
    List<Digest> asked = List.of(DigestFunction.SHA256.digest(new byte[1]));

    try (RemoteCas remote = RemoteCas.open(withToken(token), DigestFunction.SHA256)) {
      assertThat(remote.findMissing(asked)).isEqualTo(asked);
      // Nothing but its content tells that it is another one.
      Files.writeString(token, "new");
      Files.setLastModifiedTime(token, time);
      server.forgetSeen();
      server.next(Rpc.FIND_MISSING, new Fault.Fails(Status.Code.UNAUTHENTICATED, 0));
      assertThat(remote.findMissing(asked)).isEqualTo(asked);
    }
    assertThat(server.seen(Rpc.FIND_MISSING))
        .extracting(call -> call.header("authorization"))
        .containsExactly("Bearer old", "Bearer new");
  }

  @Test
  void calls_withATokenThatTheServerDoesNotTake_areMadeTwiceAndNotMore() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "wrong");
    server.choose(_ -> new Fault.Fails(Status.Code.UNAUTHENTICATED, 0));

    try (RemoteCas remote = RemoteCas.open(withToken(token), DigestFunction.SHA256);
        RemoteCas unknown = fixture.open()) {
      for (RemoteCas each : List.of(remote, unknown)) {
        server.forgetSeen();
        assertThatExceptionOfType(RemoteException.class)
            .isThrownBy(each::capabilities)
            .satisfies(e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED));
        assertThat(server.seen()).hasSize(each == remote ? 2 : 1);
      }
    }
  }

  private RemoteOptions withToken(Path token) {
    return fixture
        .options()
        .with(new RemoteOptions.Credentials(null, null, null, token, List.of()));
  }

  @Test
  void open_withATokenThatOthersCouldRead_refuses() throws IOException {
    Path token = Files.writeString(folder.resolve("token"), "secret");
    RemoteOptions options =
        RemoteOptions.of(RemoteTarget.parse("grpc://cache.example:8980"), RemoteFixture.TOOL)
            .with(new RemoteOptions.Credentials(null, null, null, token, List.of()));

    assertThatExceptionOfType(RemoteException.class)
        .isThrownBy(() -> RemoteCas.open(options, DigestFunction.SHA256))
        .withMessageContaining("grpcs://");
  }

  @ParameterizedTest
  @CsvSource({
    "grpc://cache:8980, false, cache, 8980, ''",
    "grpcs://cache.example:443/, true, cache.example, 443, ''",
    "grpc://[::1]:9/a/b, false, ::1, 9, a/b",
    "grpc://127.0.0.1:65535/main, false, 127.0.0.1, 65535, main"
  })
  void target_isReadAndWritten(
      String text, boolean secure, String host, int port, String instance) {
    RemoteTarget target = RemoteTarget.parse(text);
    assertThat(target).isEqualTo(new RemoteTarget(secure, host, port, instance));
    assertThat(RemoteTarget.parse(target.toString())).isEqualTo(target);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "cache:8980",
        "http://cache:80",
        "grpc://cache",
        "grpc://cache:0",
        "grpc://cache:70000",
        "grpc://:80",
        "grpc://cache:80/a/blobs/b",
        "grpc://::1:80"
      })
  void target_thatIsNone_isRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RemoteTarget.parse(text))
        .withMessageContaining(text);
  }
}
