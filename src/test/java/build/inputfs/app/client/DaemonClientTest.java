package build.inputfs.app.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.CloseViewRequest;
import build.inputfs.app.proto.CloseViewResponse;
import build.inputfs.app.proto.CollectOutputsRequest;
import build.inputfs.app.proto.CollectOutputsResponse;
import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.Failure;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.app.proto.HoldLeaseRequest;
import build.inputfs.app.proto.ImportDirectoryRequest;
import build.inputfs.app.proto.ImportDirectoryResponse;
import build.inputfs.app.proto.Info;
import build.inputfs.app.proto.LeaseState;
import build.inputfs.app.proto.Medium;
import build.inputfs.app.proto.QuotaHit;
import build.inputfs.app.proto.ReadBlobRequest;
import build.inputfs.app.proto.ReadBlobResponse;
import build.inputfs.app.proto.TreesGrpc;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.store.DigestMismatchException;
import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerDomainSocketChannel;
import java.io.EOFException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The client against a real gRPC server, which has the messages' generated classes. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class DaemonClientTest {
  private static final Digest ROOT = Digest.of("ab".repeat(32), 80);
  private static final Info INFO =
      Info.newBuilder()
          .setVersion("1.2")
          .setPid(77)
          .setStore("/a/störe")
          .setViews("/views")
          .addStrategies("overlay")
          .addStrategies("copy")
          .setOwnNamespace(true)
          .setDigestFunction("blake3")
          .build();

  @TempDir Path folder;
  private final EventLoopGroup group =
      new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final FakeViews views = new FakeViews();
  private Server server;

  @BeforeEach
  void start() throws IOException {
    server =
        NettyServerBuilder.forAddress(UnixDomainSocketAddress.of(socket()))
            .channelType(NioServerDomainSocketChannel.class)
            .bossEventLoopGroup(group)
            .workerEventLoopGroup(group)
            .addService(views)
            .addService(new FakeTrees())
            .addService(new FakeDaemon())
            .build()
            .start();
  }

  @AfterEach
  void stop() throws InterruptedException {
    server.shutdownNow().awaitTermination();
    var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS).await();
  }

  private Path socket() {
    return folder.resolve("s");
  }

  @Test
  void info_isWhatTheServerSays() throws IOException {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      assertThat(client.info())
          .isEqualTo(
              new DaemonClient.Info(
                  "1.2",
                  77,
                  Path.of("/a/störe"),
                  List.of("overlay", "copy"),
                  true,
                  DigestFunction.BLAKE3));
    }
  }

  @Test
  void blobs_areReadInPiecesAndDirectoriesVerified() throws IOException {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      DaemonBlobs blobs = new DaemonBlobs(client, DigestFunction.SHA256);
      Digest content = DigestFunction.SHA256.digest(FakeTrees.CONTENT);
      assertThat(blobs.open(content).readAllBytes()).isEqualTo(FakeTrees.CONTENT);
      assertThat(blobs.readDirectory(content, 100)).isEqualTo(FakeTrees.CONTENT);
      assertThatThrownBy(() -> blobs.readDirectory(content, 5)).hasMessageContaining("larger");
      Digest wrong = Digest.of("cd".repeat(32), FakeTrees.CONTENT.length);
      assertThatThrownBy(() -> blobs.readDirectory(wrong, 100))
          .isInstanceOf(DigestMismatchException.class)
          .hasMessageContaining(wrong.toString());
      Digest longer = Digest.of("ef".repeat(32), FakeTrees.CONTENT.length + 1);
      assertThatThrownBy(() -> blobs.open(longer).readAllBytes())
          .isInstanceOf(EOFException.class)
          .hasMessageContaining(longer.toString());
    }
  }

  @Test
  void views_areMadeCollectedAndClosedAsTheServerUnderstandsIt() throws IOException {
    try (DaemonClient client = DaemonClient.connect(socket(), "who holds it")) {
      DeclaredOutputs outputs = DeclaredOutputs.ofPaths(List.of("out/ä.o", "b"));
      DaemonClient.View view =
          client.createView(
              new DaemonClient.Request(
                  ROOT,
                  false,
                  Path.of("/mnt/here"),
                  "overlay",
                  true,
                  outputs,
                  new Quota(1 << 20, 7, Quota.Medium.MEMORY),
                  List.of("cc", "", "-c")));
      assertThat(views.leaseDescription).isEqualTo("who holds it");
      CreateViewRequest request = views.created.getFirst();
      assertThat(Digests.fromProto(request.getInputRoot())).isEqualTo(ROOT);
      assertThat(request.getCommandList()).containsExactly("cc", "", "-c");
      assertThat(request.getMountPoint()).isEqualTo("/mnt/here");
      assertThat(request.getStrategy()).isEqualTo("overlay");
      assertThat(request.getMutabilityValue()).isEqualTo(1);
      assertThat(request.getOutputs().getPathsList()).containsExactly("out/ä.o", "b");
      assertThat(request.getOutputs().getDirectoryFormat())
          .isEqualTo(Command.OutputDirectoryFormat.TREE_AND_DIRECTORY);
      assertThat(request.getQuota().getBytes()).isEqualTo(1 << 20);
      assertThat(request.getQuota().getFiles()).isEqualTo(7);
      assertThat(request.getQuota().getMedium()).isEqualTo(Medium.MEDIUM_MEMORY);
      assertThat(request.getLease()).isEqualTo("lease 7");
      assertThat(request.getUnknownFields().asMap()).isEmpty();
      assertThat(view.path()).isEqualTo(Path.of("/views/v1"));
      assertThat(view.mechanism()).isEqualTo("a mechanism");

      DaemonClient.Collected collected = client.collect(view.name(), false);
      assertThat(ActionResult.parseFrom(collected.result())).isEqualTo(FakeViews.RESULT);

      DaemonClient.View closed = client.close(view.name());
      assertThat(closed.failures())
          .containsExactly(
              new ViewFailure("open", "a/b", ROOT, "missing blob", ViewFailure.Kind.MISSING_BLOB));
      assertThat(closed.limits())
          .containsExactly(
              new LimitHit(Quota.Limit.FILES, 7, true), new LimitHit(Quota.Limit.BYTES, 9, false));
      assertThat(closed.counters()).isEqualTo(Map.of("x", 300L, "y", -1L));
    }
  }

  @Test
  void viewOfAnAction_hasTheActionsOutputs() throws IOException {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      client.createView(request(ROOT, true, List.of("a")));
      CreateViewRequest request = views.created.getFirst();
      assertThat(Digests.fromProto(request.getAction())).isEqualTo(ROOT);
      assertThat(request.hasOutputs()).isFalse();
      assertThat(request.hasQuota()).isFalse();
    }
  }

  private static DaemonClient.Request request(Digest tree, boolean ofAction, List<String> outputs) {
    return new DaemonClient.Request(
        tree, ofAction, null, "", false, DeclaredOutputs.ofPaths(outputs), Quota.NONE, List.of());
  }

  @Test
  void messagesLargerThanTheWindows_passInBothDirections() throws IOException {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      List<String> paths = new ArrayList<>();
      for (int i = 0; i < 40_000; i++) {
        paths.add("directory/of/an/output/number/" + i);
      }
      for (int i = 0; i < 2; i++) {
        client.createView(request(ROOT, false, paths));
        assertThat(views.created.get(i).getOutputs().getPathsList()).isEqualTo(paths);
        DaemonClient.Collected large = client.collect("large", false);
        assertThat(ActionResult.parseFrom(large.result()).getOutputFilesCount()).isEqualTo(20_000);
      }
    }
  }

  @Test
  void refusals_haveTheServersWords() throws IOException {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      assertThatThrownBy(() -> client.collect("refused", false))
          .isInstanceOf(DaemonException.class)
          .hasMessage("no, 100% n\u00f6: a+b \u2014 " + "long ".repeat(200));
      assertThatThrownBy(() -> client.importDirectory(Path.of("/x")))
          .isInstanceOf(UnservedException.class)
          .hasMessage("not here");
      assertThat(client.importDirectory(Path.of("/good"))).isEqualTo(ROOT);
    }
  }

  @Test
  void close_endsTheLease() throws Exception {
    DaemonClient client = DaemonClient.connect(socket(), "test");
    client.createView(request(ROOT, false, List.of()));
    assertThat(views.leaseEnded.getCount()).isEqualTo(1);
    client.close();
    views.leaseEnded.await();
  }

  @Test
  void whenTheServerGoes_whoWaitsIsTold() throws Exception {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      CountDownLatch told = new CountDownLatch(1);
      client.whenGone(told::countDown);
      Thread stopper =
          Thread.ofPlatform()
              .start(
                  () -> {
                    views.hangs.countDown();
                    try {
                      views.hanging.await();
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    server.shutdownNow();
                  });
      assertThatThrownBy(() -> client.collect("hangs", false)).isInstanceOf(IOException.class);
      stopper.join();
      told.await();
      assertThatThrownBy(() -> client.close("v1"))
          .isInstanceOf(IOException.class)
          .hasMessageStartingWith("the daemon has gone");
    }
  }

  @Test
  void waiting_endsWhenTheThreadIsInterrupted() throws Exception {
    try (DaemonClient client = DaemonClient.connect(socket(), "test")) {
      Thread waiting = Thread.currentThread();
      Thread interrupter =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      views.hanging.await();
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                    waiting.interrupt();
                  });
      assertThatThrownBy(() -> client.collect("hangs", false))
          .isInstanceOf(InterruptedIOException.class);
      assertThat(Thread.interrupted()).isTrue();
      interrupter.join();
    }
  }

  @Test
  void connect_whereNobodyListens_fails() {
    assertThatThrownBy(() -> DaemonClient.connect(folder.resolve("nobody"), "test"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nobody");
  }

  private static final class FakeDaemon extends DaemonGrpc.DaemonImplBase {
    @Override
    public void getInfo(GetInfoRequest request, StreamObserver<Info> answer) {
      answer.onNext(INFO);
      answer.onCompleted();
    }
  }

  private static final class FakeTrees extends TreesGrpc.TreesImplBase {
    static final byte[] CONTENT = "0123456789".getBytes(StandardCharsets.US_ASCII);

    /** Gives three bytes at most, whatever the digest. */
    @Override
    public void readBlob(ReadBlobRequest request, StreamObserver<ReadBlobResponse> answer) {
      int from = (int) request.getOffset();
      int to = Math.min(from + 3, CONTENT.length);
      answer.onNext(
          ReadBlobResponse.newBuilder()
              .setData(ByteString.copyFrom(CONTENT, from, to - from))
              .build());
      answer.onCompleted();
    }

    @Override
    public void importDirectory(
        ImportDirectoryRequest request, StreamObserver<ImportDirectoryResponse> answer) {
      if (request.getPath().equals("/good")) {
        answer.onNext(
            ImportDirectoryResponse.newBuilder()
                .setFiles(3)
                .setRoot(Digests.toProto(ROOT))
                .build());
        answer.onCompleted();
      } else {
        answer.onError(Status.PERMISSION_DENIED.withDescription("not here").asException());
      }
    }
  }

  private static final class FakeViews extends ViewsGrpc.ViewsImplBase {
    static final ActionResult RESULT =
        ActionResult.newBuilder()
            .addOutputFiles(OutputFile.newBuilder().setPath("b").setIsExecutable(true))
            .build();

    final List<CreateViewRequest> created = new ArrayList<>();
    final CountDownLatch leaseEnded = new CountDownLatch(1);
    final CountDownLatch hanging = new CountDownLatch(1);
    final CountDownLatch hangs = new CountDownLatch(1);
    volatile String leaseDescription = "";

    @Override
    public void holdLease(HoldLeaseRequest request, StreamObserver<LeaseState> answer) {
      leaseDescription = request.getDescription();
      ((ServerCallStreamObserver<LeaseState>) answer).setOnCancelHandler(leaseEnded::countDown);
      answer.onNext(LeaseState.newBuilder().setLease("lease 7").build());
    }

    @Override
    public void createView(CreateViewRequest request, StreamObserver<View> answer) {
      created.add(request);
      answer.onNext(
          View.newBuilder()
              .setName("v1")
              .setPath("/views/v1")
              .setStrategy("overlay")
              .setMechanism("a mechanism")
              .build());
      answer.onCompleted();
    }

    @Override
    public void collectOutputs(
        CollectOutputsRequest request, StreamObserver<CollectOutputsResponse> answer) {
      switch (request.getName()) {
        case "hangs" -> {
          hanging.countDown();
          return;
        }
        case "refused" -> {
          answer.onError(
              Status.FAILED_PRECONDITION
                  .withDescription("no, 100% n\u00f6: a+b \u2014 " + "long ".repeat(200))
                  .asException());
          return;
        }
        case "large" -> {
          ActionResult.Builder result = ActionResult.newBuilder();
          for (int i = 0; i < 20_000; i++) {
            result.addOutputFiles(OutputFile.newBuilder().setPath("an/output/of/this/name/" + i));
          }
          answer.onNext(CollectOutputsResponse.newBuilder().setResult(result).build());
        }
        default -> answer.onNext(CollectOutputsResponse.newBuilder().setResult(RESULT).build());
      }
      answer.onCompleted();
    }

    @Override
    public void closeView(CloseViewRequest request, StreamObserver<CloseViewResponse> answer) {
      answer.onNext(
          CloseViewResponse.newBuilder()
              .setView(
                  View.newBuilder()
                      .setName(request.getName())
                      .addFailures(
                          Failure.newBuilder()
                              .setKind("missing_blob")
                              .setOperation("open")
                              .setPath("a/b")
                              .setDigest(Digests.toProto(ROOT))
                              .setCause("missing blob"))
                      .addQuotaHits(QuotaHit.newBuilder().setKind("files").setLimit(7))
                      .addQuotaHits(
                          QuotaHit.newBuilder().setKind("bytes").setLimit(9).setPassed(true))
                      .putCounters("x", 300)
                      .putCounters("y", -1))
              .build());
      answer.onCompleted();
    }
  }
}
