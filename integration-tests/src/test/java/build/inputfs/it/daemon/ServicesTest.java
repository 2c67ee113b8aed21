package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.CollectOutputsRequest;
import build.inputfs.app.proto.Event;
import build.inputfs.app.proto.HoldLeaseRequest;
import build.inputfs.app.proto.ImportDirectoryRequest;
import build.inputfs.app.proto.ImportDirectoryResponse;
import build.inputfs.app.proto.Quota;
import build.inputfs.app.proto.QuotaHit;
import build.inputfs.app.proto.TreesGrpc;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.app.proto.WatchEventsRequest;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Disk;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import com.google.protobuf.ByteString;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.StreamObserver;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the daemon's services do beside making views. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class ServicesTest {
  /** As docs/DAEMON.md says. */
  private static final int MOST_WAITING = 1024;

  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needsFuse() {
    Machine.need(Strategy.FUSE);
  }

  @Test
  void importDirectory_givesATreeThatCanBeShown() {
    Server server = Server.start(bench);
    Path source = bench.source(Trees.mixed());
    ImportDirectoryResponse imported = importDirectory(server, source.toString());
    assertThat(imported.getFiles()).isEqualTo(11);
    assertThat(imported.getDirectories()).isEqualTo(4);
    assertThat(imported.getSymlinks()).isEqualTo(6);
    assertThat(imported.getBytes()).isGreaterThan(300_000);
    View view =
        server.create(
            Server.request(
                new BlobName(imported.getRoot().getHash(), imported.getRoot().getSizeBytes())));
    assertThat(Server.sh(bench, view, "cat to-file dir/sub/deep.txt").ok().out())
        .isEqualTo("hello, worlddeep");
    server.close(view);
  }

  @Test
  void importDirectory_ofWhatIsNone_isRefused() {
    Server server = Server.start(bench);
    Path source = bench.source(new InputTree().file("file", "x"));
    assertThat(refusal(() -> importDirectory(server, "relative")))
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(refusal(() -> importDirectory(server, source + "/none")))
        .isEqualTo(Status.Code.NOT_FOUND);
    assertThat(refusal(() -> importDirectory(server, source + "/file")))
        .isEqualTo(Status.Code.FAILED_PRECONDITION);
  }

  @Test
  void reflection_givesTheMessagesOfAllServices() throws Exception {
    Server server = Server.start(bench);
    List<String> services =
        reflect(server, ServerReflectionRequest.newBuilder().setListServices("*").build())
            .getListServicesResponse()
            .getServiceList()
            .stream()
            .map(service -> service.getName())
            .toList();
    assertThat(services)
        .contains(
            "inputfs.v1.Views", "inputfs.v1.Trees", "inputfs.v1.Daemon", "grpc.health.v1.Health");
    List<String> files = new ArrayList<>();
    for (ByteString file :
        reflect(
                server,
                ServerReflectionRequest.newBuilder()
                    .setFileContainingSymbol("inputfs.v1.Views")
                    .build())
            .getFileDescriptorResponse()
            .getFileDescriptorProtoList()) {
      files.add(FileDescriptorProto.parseFrom(file).getName());
    }
    assertThat(files).contains("inputfs/v1/views.proto");
  }

  @Test
  void lease_isInTheLogFromItsBeginToItsEnd() throws Exception {
    Server server = Server.start(bench, "--log-level", "info", "--log-format", "json");
    try (Context.CancellableContext call = Context.current().withCancellation()) {
      String lease =
          call.call(
              () ->
                  server
                      .views()
                      .holdLease(HoldLeaseRequest.newBuilder().setDescription("worker 7").build())
                      .next()
                      .getLease());
      Server.awaitOutput(
          server.process(),
          "\"lease begun\",\"lease\":\"%s\",\"description\":\"worker 7\"".formatted(lease));
      call.cancel(null);
      Server.awaitOutput(
          server.process(),
          "\"lease ended\",\"lease\":\"%s\",\"description\":\"worker 7\"".formatted(lease));
    }
  }

  @Test
  void quota_thatNothingKeeps_isToldAsPassed() throws InterruptedException {
    Machine.need(Strategy.OVERLAY);
    Path scratch = bench.small(Disk.EXT4, 64 << 20); // without project quotas
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    Server server = Server.start(bench, scratch);
    View view =
        server.create(
            Server.request(root)
                .setStrategy("overlay")
                .setQuota(Quota.newBuilder().setBytes(1 << 20)));
    Watcher watcher = new Watcher(Integer.MAX_VALUE);
    server
        .asynchronous()
        .watchEvents(WatchEventsRequest.newBuilder().setName(view.getName()).build(), watcher);
    assertThat(watcher.next().hasReady()).isTrue();
    Server.sh(bench, view, "dd if=/dev/zero of=x bs=1M count=3 status=none").ok();
    QuotaHit expected =
        QuotaHit.newBuilder().setKind("bytes").setLimit(1 << 20).setPassed(true).build();
    assertThat(watcher.next().getQuotaHit()).isEqualTo(expected);
    assertThat(
            server
                .views()
                .collectOutputs(CollectOutputsRequest.newBuilder().setName(view.getName()).build())
                .getQuotaHitsList())
        .containsExactly(expected);
    server.close(view);
    assertThat(watcher.next().getClosed().getView().getQuotaHitsList()).containsExactly(expected);
  }

  @Test
  void watcher_thatReadsTooSlowly_isToldHowManyEventsWereLost() throws Exception {
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    Server server = Server.start(bench);
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    bench.keep(
        () -> {
          var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        });
    ManagedChannel narrow = narrow(server.socket(), loop);
    bench.keep(narrow::shutdownNow);
    Watcher watcher = new Watcher(1);
    ViewsGrpc.newStub(narrow).watchEvents(WatchEventsRequest.getDefaultInstance(), watcher);
    assertThat(watcher.next().hasReady()).isTrue();
    int views = 800;
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int i = 0; i < views; i++) {
        var _ = threads.submit(() -> server.close(server.create(Server.request(root))));
      }
    }
    watcher.read(Integer.MAX_VALUE);
    int told = 0;
    Event event = watcher.next();
    for (; !event.hasLost(); event = watcher.next()) {
      assertThat(event.hasCreated() || event.hasClosed()).isTrue();
      told++;
    }
    assertThat(event.getLost()).isPositive();
    assertThat(told + event.getLost()).isEqualTo(2L * views);
    assertThat(told).isBetween(MOST_WAITING, MOST_WAITING + MOST_WAITING / 2);

    View after = server.create(Server.request(root));
    assertThat(watcher.next().getCreated().getName()).isEqualTo(after.getName());
    server.close(after);
  }

  /** What comes of a call that is read as fast as the test says. */
  private static final class Watcher implements ClientResponseObserver<WatchEventsRequest, Event> {
    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final int first;
    private @Nullable ClientCallStreamObserver<WatchEventsRequest> call;

    Watcher(int first) {
      this.first = first;
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchEventsRequest> stream) {
      stream.disableAutoRequestWithInitial(first);
      call = stream;
    }

    void read(int more) {
      Objects.requireNonNull(call, "not started").request(more);
    }

    Event next() throws InterruptedException {
      Event event = events.poll(Server.PATIENCE.toSeconds(), TimeUnit.SECONDS);
      return Objects.requireNonNull(event, "no event came");
    }

    @Override
    public void onNext(Event event) {
      events.add(event);
    }

    @Override
    public void onError(Throwable failure) {
      // That is how it ends when the daemon does.
    }

    @Override
    public void onCompleted() {
      // Likewise.
    }
  }

  /** A connection on which little is sent before it is read. */
  private static ManagedChannel narrow(Path socket, EventLoopGroup loop) {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
        .channelType(NioDomainSocketChannel.class)
        .eventLoopGroup(loop)
        .overrideAuthority("localhost")
        .flowControlWindow(1 << 14)
        .usePlaintext()
        .build();
  }

  private static ServerReflectionResponse reflect(Server server, ServerReflectionRequest request)
      throws InterruptedException {
    BlockingQueue<ServerReflectionResponse> answers = new LinkedBlockingQueue<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(server.channel())
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    // The test misses the answer then.
                  }

                  @Override
                  public void onCompleted() {
                    // Likewise.
                  }
                });
    requests.onNext(request);
    ServerReflectionResponse answer = answers.poll(Server.PATIENCE.toSeconds(), TimeUnit.SECONDS);
    requests.onCompleted();
    return Objects.requireNonNull(answer, "no answer came");
  }

  private static ImportDirectoryResponse importDirectory(Server server, String path) {
    return TreesGrpc.newBlockingStub(server.channel())
        .withDeadlineAfter(2, TimeUnit.MINUTES)
        .importDirectory(ImportDirectoryRequest.newBuilder().setPath(path).build());
  }

  private static Status.Code refusal(Runnable call) {
    List<Status.Code> codes = new ArrayList<>();
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class, e -> codes.add(e.getStatus().getCode()));
    return codes.getFirst();
  }
}
