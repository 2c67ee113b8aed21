package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.proto.CollectOutputsRequest;
import build.inputfs.app.proto.CollectOutputsResponse;
import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.ExpectedOutputs;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.app.proto.GetViewRequest;
import build.inputfs.app.proto.HoldLeaseRequest;
import build.inputfs.app.proto.LeaseState;
import build.inputfs.app.proto.ListViewsRequest;
import build.inputfs.app.proto.PrefetchTreeRequest;
import build.inputfs.app.proto.TreesGrpc;
import build.inputfs.app.proto.View;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import com.google.protobuf.Duration;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.PreconditionFailure;
import io.grpc.Context;
import io.grpc.Context.CancellableContext;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@code inputfs daemon} does for its clients, and how it starts and ends. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class DaemonTest {
  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needsFuse() {
    Machine.need(Strategy.FUSE);
  }

  @Test
  void view_createdUsedCollectedAndClosed_leavesNothing() throws IOException {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    View view =
        server
            .views()
            .createView(
                Server.request(root)
                    .setOutputs(ExpectedOutputs.newBuilder().addPaths("out/made").addPaths("none"))
                    .build());
    assertThat(view.getPath()).startsWith(server.scratch() + "/");
    assertThat(server.views().listViews(ListViewsRequest.getDefaultInstance()).getViewsList())
        .extracting(View::getName)
        .containsExactly(view.getName());
    Server.sh(bench, view, "cat input.txt > out/made").ok();

    CollectOutputsResponse collected =
        server
            .views()
            .collectOutputs(CollectOutputsRequest.newBuilder().setName(view.getName()).build());
    assertThat(collected.getResult().getOutputFilesList())
        .singleElement()
        .satisfies(
            file -> {
              assertThat(file.getPath()).isEqualTo("out/made");
              assertThat(
                      Files.readString(
                          bench
                              .store()
                              .file(
                                  new BlobName(
                                      file.getDigest().getHash(),
                                      file.getDigest().getSizeBytes()))))
                  .isEqualTo("hello, world");
            });

    server.close(view);
    assertThat(ProcFs.mountsBelow(Path.of(view.getPath()))).isEmpty();
    assertThat(Path.of(view.getPath())).doesNotExist();
    assertThatThrownBy(() -> describe(server, view.getName())).satisfies(is(Status.Code.NOT_FOUND));
    assertThat(server.stop().ok().err()).isEmpty();
    assertThat(server.scratch()).isEmptyDirectory();
    assertThat(server.socket()).doesNotExist();
  }

  @Test
  void info_saysWhoAnswers() {
    Server server = Server.start(bench);
    var info = server.daemon().getInfo(GetInfoRequest.getDefaultInstance());
    assertThat(info.getPid()).isEqualTo(server.process().pid());
    assertThat(info.getStore()).isEqualTo(bench.store().folder().toString());
    assertThat(info.getStrategiesList())
        .containsExactly("overlay", "fuse", "hardlink", "clone", "copy");
    assertThat(info.getOwnNamespace()).isFalse();
  }

  @Test
  void createView_whenTheRootIsMissing_namesIt() throws InvalidProtocolBufferException {
    BlobName root = Trees.mixed().putInto(bench.store());
    bench.store().delete(root);
    Server server = Server.start(bench);
    StatusRuntimeException failure = refusal(() -> server.create(Server.request(root)));
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    var details = Objects.requireNonNull(StatusProto.fromThrowable(failure)).getDetailsList();
    assertThat(details.getFirst().unpack(PreconditionFailure.class).getViolationsList())
        .singleElement()
        .satisfies(
            violation -> {
              assertThat(violation.getType()).isEqualTo("MISSING");
              assertThat(violation.getSubject()).isEqualTo("blobs/" + root);
            });
  }

  @Test
  void prefetch_whenVeryManyBlobsAreMissing_namesAsManyAsAClientTakes()
      throws InvalidProtocolBufferException {
    InputTree tree = new InputTree();
    for (int i = 0; i < 500; i++) {
      tree.file("file" + i, "content " + i);
    }
    BlobName root = tree.putInto(bench.store());
    for (int i = 0; i < 500; i++) {
      bench.store().delete(tree.blobAt("file" + i));
    }
    Server server = Server.start(bench);
    PrefetchTreeRequest request =
        PrefetchTreeRequest.newBuilder().setRoot(Server.request(root).getInputRoot()).build();
    StatusRuntimeException failure =
        refusal(() -> TreesGrpc.newBlockingStub(server.channel()).prefetchTree(request));
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    var details = Objects.requireNonNull(StatusProto.fromThrowable(failure)).getDetailsList();
    assertThat(details.getFirst().unpack(PreconditionFailure.class).getViolationsList())
        .hasSizeBetween(20, 100)
        .allMatch(violation -> violation.getSubject().startsWith("blobs/"));
  }

  @Test
  void createView_atAPathOfAnyLength_isToldWhatIsWrong() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    for (String letter : List.of("x", "ü", "日", "\uD83D\uDE00")) {
      assertThat(
              refusal(
                  () ->
                      server.create(
                          Server.request(root).setMountPoint("/" + letter.repeat(20_000)))))
          .satisfies(is(Status.Code.INVALID_ARGUMENT));
    }
  }

  @Test
  void createView_ofNonsense_isRefused() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    assertThat(refusal(() -> server.create(CreateViewRequest.newBuilder())))
        .satisfies(is(Status.Code.INVALID_ARGUMENT));
    assertThat(refusal(() -> server.create(Server.request(root).setStrategy("magic"))))
        .satisfies(is(Status.Code.INVALID_ARGUMENT));
    assertThat(refusal(() -> server.create(Server.request(root).setLease("none"))))
        .satisfies(is(Status.Code.NOT_FOUND));
    assertThat(
            refusal(
                () ->
                    server.create(
                        Server.request(root)
                            .setOutputs(ExpectedOutputs.newBuilder().addPaths("../x")))))
        .satisfies(is(Status.Code.INVALID_ARGUMENT));
    assertThat(server.views().listViews(ListViewsRequest.getDefaultInstance()).getViewsList())
        .isEmpty();
  }

  @Test
  void createView_atAMountPoint_isThereAndLeavesAnEmptyDirectory() throws IOException {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    Path point = bench.fresh("point");
    View view = server.create(Server.request(root).setMountPoint(point.toString()));
    assertThat(view.getPath()).isEqualTo(point.toString());
    Server.sh(bench, view, "test -f input.txt && echo mine > new").ok();
    assertThat(refusal(() -> server.create(Server.request(root).setMountPoint(point.toString()))))
        .satisfies(is(Status.Code.ALREADY_EXISTS));
    server.close(view);
    assertThat(point).isEmptyDirectory();

    Files.writeString(point.resolve("file"), "");
    assertThat(refusal(() -> server.create(Server.request(root).setMountPoint(point.toString()))))
        .satisfies(is(Status.Code.FAILED_PRECONDITION));
    Path link = Files.createSymbolicLink(bench.folder().resolve("link"), bench.fresh("point"));
    assertThat(refusal(() -> server.create(Server.request(root).setMountPoint(link.toString()))))
        .satisfies(is(Status.Code.INVALID_ARGUMENT));
  }

  @Test
  void lease_whenItsCallEnds_closesItsViewsAlone() throws Exception {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    View other = server.create(Server.request(root));
    CancellableContext call = Context.current().withCancellation();
    Iterator<LeaseState> lease =
        Objects.requireNonNull(
            call.wrap(() -> server.views().holdLease(HoldLeaseRequest.getDefaultInstance()))
                .call());
    String name = lease.next().getLease();
    View first = server.create(Server.request(root).setLease(name));
    View second = server.create(Server.request(root).setLease(name));
    call.cancel(null);
    awaitGone(server, first);
    awaitGone(server, second);
    assertThat(describe(server, other.getName()).getPath()).isEqualTo(other.getPath());
    server.close(other);
  }

  @Test
  void view_whenItsDeadlinePasses_isClosed() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    View view =
        server.create(Server.request(root).setDeadline(Duration.newBuilder().setSeconds(2)));
    assertThat(view.hasExpires()).isTrue();
    awaitGone(server, view);
    assertThat(ProcFs.mountsBelow(Path.of(view.getPath()))).isEmpty();
  }

  @Test
  void sigterm_waitsForViewsAndMakesNoMore() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, "--stop-timeout", "120");
    View view = server.create(Server.request(root));
    server.process().signal("TERM");
    @Nullable StatusRuntimeException failure;
    do {
      failure = attempt(() -> server.close(server.create(Server.request(root))));
    } while (failure == null);
    assertThat(failure).satisfies(is(Status.Code.UNAVAILABLE));
    Server.sh(bench, view, "test -f input.txt").ok();
    server.close(view);
    assertThat(server.process().await(Server.PATIENCE).ok().err()).isEmpty();
  }

  @Test
  void secondSignal_endsViewsAtOnce() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench, "--stop-timeout", "1000000");
    View view = server.create(Server.request(root));
    server.process().signal("TERM");
    @Nullable StatusRuntimeException failure;
    do {
      failure = attempt(() -> server.close(server.create(Server.request(root))));
    } while (failure == null);
    server.process().signal("TERM");
    server.process().await(Server.PATIENCE).ok();
    assertThat(ProcFs.mountsBelow(Path.of(view.getPath()))).isEmpty();
  }

  @Test
  void start_besideALivingDaemonIsRefused_andReplacesTheSocketOfADeadOne() throws IOException {
    Server server = Server.start(bench);
    Outcome second =
        bench.inputfs(
            Server.command(bench, server.socket(), bench.fresh("scratch")).toArray(String[]::new));
    assertThat(second.exit()).isEqualTo(125);
    assertThat(second.err()).contains("listens on").contains(Long.toString(server.process().pid()));
    server.process().signal("KILL");
    server.process().await(Server.PATIENCE);
    assertThat(server.socket()).exists();
    Server again = Server.start(bench, server.scratch());
    var info = again.daemon().getInfo(GetInfoRequest.getDefaultInstance());
    assertThat(info.getPid()).isEqualTo(again.process().pid());
    again.stop().ok();
    assertThat(server.scratch()).isEmptyDirectory();
  }

  @Test
  void anotherUser_reachesNeitherTheSocketNorAScratch() {
    Machine.needRoot();
    Machine.needProgram("setpriv");
    Machine.needProgram("python3");
    BlobName root = Trees.mixed().putInto(bench.store());
    Server server = Server.start(bench);
    View view = server.create(Server.request(root));
    Server.sh(bench, view, "echo secret > written").ok();
    Outcome connecting =
        asOther(
            "/usr/bin/python3",
            "-c",
            "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])",
            server.socket().toString());
    assertThat(connecting.exit()).isNotZero();
    assertThat(connecting.err()).contains("PermissionError");
    Outcome reading = asOther("find", server.scratch().toString(), "-name", "written");
    assertThat(reading.out()).isEmpty();
    assertThat(reading.err()).contains("Permission denied");
    assertThat(asOther("ls", view.getPath()).exit()).isNotZero();
    server.close(view);
  }

  private Outcome asOther(String... command) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "setpriv",
                "--reuid=" + Machine.OTHER_USER,
                "--regid=" + Machine.OTHER_USER,
                "--clear-groups"));
    all.addAll(List.of(command));
    return Child.run(bench.folder(), Server.PATIENCE, bench.environment(), all);
  }

  private static View describe(Server server, String name) {
    return server.views().getView(GetViewRequest.newBuilder().setName(name).build());
  }

  private static void awaitGone(Server server, View view) {
    long deadline = System.nanoTime() + Server.PATIENCE.toNanos();
    while (attempt(() -> describe(server, view.getName())) == null) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("still there: " + view);
      }
      Workbench.pause();
    }
    assertThat(ProcFs.mountsBelow(Path.of(view.getPath()))).isEmpty();
  }

  private static StatusRuntimeException refusal(Runnable call) {
    StatusRuntimeException failure = attempt(call);
    if (failure == null) {
      throw new AssertionError("it was not refused");
    }
    return failure;
  }

  /** What the daemon says when it refuses a call, or null. */
  private static @Nullable StatusRuntimeException attempt(Runnable call) {
    try {
      call.run();
      return null;
    } catch (StatusRuntimeException e) {
      return e;
    }
  }

  private static Consumer<Throwable> is(Status.Code code) {
    return failure -> assertThat(Status.fromThrowable(failure).getCode()).isEqualTo(code);
  }
}
