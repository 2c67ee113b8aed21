package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import build.inputfs.app.proto.CloseViewRequest;
import build.inputfs.app.proto.CollectOutputsRequest;
import build.inputfs.app.proto.CollectOutputsResponse;
import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.ExpectedOutputs;
import build.inputfs.app.proto.PrefetchTreeRequest;
import build.inputfs.app.proto.TreesGrpc;
import build.inputfs.app.proto.View;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.PreconditionFailure;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon with a remote behind its store. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class RemoteStoreTest {
  @RegisterExtension final Workbench bench = new Workbench();

  private ReapiServer remote;
  private BlobName root;

  /** The tree is on the remote, and not in the daemon's store. */
  @BeforeEach
  void push() throws IOException {
    remote = bench.keep(ReapiServer.start());
    root = Trees.mixed().putInto(bench.store());
    String store = bench.store().folder().toString();
    bench.inputfs("push", root.toString(), "--cas", store, "--remote", remote.address()).ok();
  }

  @Test
  void views_fetchWhatIsRead() {
    Server server = start();
    View view = server.create(Server.request(root));
    assertThat(Server.sh(bench, view, "cat input.txt dir/sub/deep.txt").ok().out())
        .isEqualTo("hello, worlddeep");
    View closed =
        server
            .views()
            .closeView(CloseViewRequest.newBuilder().setName(view.getName()).build())
            .getView();
    assertThat(closed.getFailuresList()).isEmpty();
    assertThat(closed.getCountersMap()).containsKey("milliseconds waited for fetches");
  }

  @Test
  void prefetchTree_bringsAllOfIt() throws IOException {
    Server server = start();
    TreesGrpc.TreesBlockingStub trees =
        TreesGrpc.newBlockingStub(server.channel()).withDeadlineAfter(2, TimeUnit.MINUTES);
    PrefetchTreeRequest request = PrefetchTreeRequest.newBuilder().setRoot(message(root)).build();
    BlobName missing = BlobName.of("aaa".getBytes(StandardCharsets.UTF_8));
    remote.remove(Digest.parse(missing.toString()));
    assertThat(missing(refusal(() -> trees.prefetchTree(request))))
        .containsExactly("blobs/" + missing);
    var _ = remote.put("aaa".getBytes(StandardCharsets.UTF_8));
    assertThat(trees.prefetchTree(request).getFiles()).isPositive();
    remote.close();
    View view = server.create(Server.request(root));
    assertThat(Server.sh(bench, view, "cat dir/a.txt").ok().out()).isEqualTo("aaa");
    server.close(view);
  }

  @Test
  void createView_whenTheRootIsNowhere_namesIt() throws IOException {
    Server server = start();
    remote.remove(Digest.parse(root.toString()));
    assertThat(missing(refusal(() -> server.create(Server.request(root)))))
        .containsExactly("blobs/" + root);
  }

  @Test
  void createView_whenTheRemoteDoesNotAnswer_isUnavailable() throws IOException {
    Server server = start("--remote-timeout", "3");
    remote.close();
    StatusRuntimeException failure = refusal(() -> server.create(Server.request(root)));
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(failure.getStatus().getDescription()).contains("remote unavailable");
  }

  @Test
  void createView_whenTheRemoteHangs_isUnavailable() {
    Server server = start("--remote-timeout", "3");
    remote.choose(_ -> new Fault.Hangs(0));
    for (String strategy : List.of("fuse", "copy")) {
      StatusRuntimeException failure =
          refusal(() -> server.create(Server.request(root).setStrategy(strategy)));
      assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE);
      assertThat(failure.getStatus().getDescription())
          .contains("remote unavailable", "blobs/" + root);
    }
  }

  @Test
  void collectOutputs_sendsThemToTheRemote_unlessTheyAreToStay() throws IOException {
    Server server = start();
    for (boolean localOnly : List.of(true, false)) {
      String made = "made here, local only: " + localOnly;
      CreateViewRequest.Builder request =
          Server.request(root).setOutputs(ExpectedOutputs.newBuilder().addPaths("out"));
      View view = server.create(request);
      Server.sh(bench, view, "printf '%s' '" + made + "' > out").ok();
      CollectOutputsResponse collected =
          server
              .views()
              .collectOutputs(
                  CollectOutputsRequest.newBuilder()
                      .setName(view.getName())
                      .setLocalOnly(localOnly)
                      .build());
      BlobName output = BlobName.of(made.getBytes(StandardCharsets.UTF_8));
      assertThat(collected.getResult().getOutputFiles(0).getDigest()).isEqualTo(message(output));
      assertThat(remote.has(Digest.parse(output.toString()))).isEqualTo(!localOnly);
      server.close(view);
    }
  }

  @Test
  void view_whenAnInputIsNowhere_isToldSo() throws IOException {
    Server server = start();
    BlobName missing = BlobName.of("aaa".getBytes(StandardCharsets.UTF_8));
    remote.remove(Digest.parse(missing.toString()));
    View view = server.create(Server.request(root));
    assertThat(Server.sh(bench, view, "cat dir/a.txt").exit()).isNotZero();
    View closed =
        server
            .views()
            .closeView(CloseViewRequest.newBuilder().setName(view.getName()).build())
            .getView();
    assertThat(closed.getFailuresList())
        .anySatisfy(
            failure -> {
              assertThat(failure.getPath()).isEqualTo("dir/a.txt");
              assertThat(failure.getCause()).contains("missing blob blobs/" + missing);
            });
  }

  private Server start(String... more) {
    List<String> options = new ArrayList<>(List.of(more));
    options.addAll(List.of("--cas", bench.fresh("cold").toString(), "--remote", remote.address()));
    return Server.start(bench, options.toArray(String[]::new));
  }

  private static StatusRuntimeException refusal(Runnable call) {
    return catchThrowableOfType(StatusRuntimeException.class, call::run);
  }

  /** The subjects of the violations that a failure tells of. */
  private static List<String> missing(StatusRuntimeException failure) {
    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.FAILED_PRECONDITION);
    try {
      PreconditionFailure details =
          Objects.requireNonNull(StatusProto.fromThrowable(failure))
              .getDetails(0)
              .unpack(PreconditionFailure.class);
      assertThat(details.getViolationsList())
          .allMatch(violation -> violation.getType().equals("MISSING"));
      return details.getViolationsList().stream()
          .map(PreconditionFailure.Violation::getSubject)
          .toList();
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static build.inputfs.cas.proto.Digest message(BlobName blob) {
    return build.inputfs.cas.proto.Digest.newBuilder()
        .setHash(blob.hash())
        .setSizeBytes(blob.size())
        .build();
  }
}
