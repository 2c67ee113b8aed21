package build.inputfs.it.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.View;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.Action;
import build.inputfs.cas.proto.BatchReadBlobsRequest;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.ReadRequest;
import build.inputfs.cas.remote.testserver.DelayRelay;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.remote.testserver.SeenCall;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How much of a tree that is elsewhere comes, and when. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class ColdTreeTest {
  private static final List<String> COMMAND = List.of("cc", "-c", "main.c");

  @RegisterExtension final Workbench bench = new Workbench();

  private ReapiServer remote;
  private DelayRelay relay;

  @BeforeEach
  void start() throws IOException {
    remote = bench.keep(ReapiServer.start());
    relay = bench.keep(new DelayRelay(remote.port(), Duration.ofMillis(5)));
  }

  @Test
  void actionThatReadsATwentieth_fetchesLittleMoreAndTheSecondTimeAhead() throws IOException {
    ColdTree tree = ColdTree.putInto(remote);
    Path list = Files.write(bench.folder().resolve("touched"), tree.touched());
    String read = "xargs -a '%s' cat | sha256sum".formatted(list);
    for (Strategy strategy : List.of(Strategy.FUSE, Strategy.OVERLAY)) {
      Machine.need(strategy);
      Path store = bench.fresh("cold");
      CreateViewRequest.Builder request =
          Server.request(tree.root()).setStrategy(strategy.option()).addAllCommand(COMMAND);
      for (boolean known : new boolean[] {false, true}) {
        String what = strategy + (known ? ", the second time" : ", the first time");
        remote.forgetSeen();
        long before = relay.bytesBack();
        Server server = daemon(store);
        View view = server.create(request);
        if (known) {
          await(tree.files());
        }
        int calls = blobCalls();
        assertThat(Server.sh(bench, view, read).ok().out()).startsWith(tree.sum());
        server.close(view);
        if (known) {
          assertThat(blobCalls()).as("calls for blobs, " + what).isEqualTo(calls).isLessThan(50);
        }
        assertThat(server.stop().exit()).isZero();
        assertThat(relay.bytesBack() - before)
            .as("bytes that came, %s, of a tree of %d".formatted(what, tree.bytes()))
            .isGreaterThan(tree.bytes() * 5 / 100)
            .isLessThanOrEqualTo(tree.bytes() * 6 / 100);
        ColdTree.empty(store);
      }
    }
  }

  @Test
  void viewOfAnAction_fetchesAheadWhatTheLastOneWithItsCommandHasRead() throws IOException {
    BlobName root = pushed();
    Digest command =
        remote.put(Command.newBuilder().addAllArguments(COMMAND).build().toByteArray());
    Digest action =
        remote.put(
            Action.newBuilder()
                .setCommandDigest(Digests.toProto(command))
                .setInputRootDigest(
                    build.inputfs.cas.proto.Digest.newBuilder()
                        .setHash(root.hash())
                        .setSizeBytes(root.size()))
                .build()
                .toByteArray());
    readTwice(CreateViewRequest.newBuilder().setAction(Digests.toProto(action)));
  }

  @Test
  void viewWithACommand_fetchesAheadWhatTheLastOneHasRead() throws IOException {
    readTwice(Server.request(pushed()).addCommand("kind 7"));
  }

  /** Has a view read a file; a second one has it fetched without reading it. */
  private void readTwice(CreateViewRequest.Builder request) throws IOException {
    Path store = bench.fresh("cold");
    Server first = daemon(store);
    View view = first.create(request);
    assertThat(Server.sh(bench, view, "cat dir/a.txt").ok().out()).isEqualTo("aaa");
    first.close(view);
    assertThat(first.stop().exit()).isZero();
    ColdTree.empty(store);
    remote.forgetSeen();

    Server second = daemon(store);
    View again = second.create(request);
    await(List.of(Digest.parse(BlobName.of("aaa".getBytes(UTF_8)).toString())));
    second.close(again);
    assertThat(asked()).doesNotContain(BlobName.of("deep".getBytes(UTF_8)).toString());
  }

  private BlobName pushed() {
    BlobName root = Trees.mixed().putInto(bench.store());
    String store = bench.store().folder().toString();
    bench.inputfs("push", root.toString(), "--cas", store, "--remote", remote.address()).ok();
    return root;
  }

  private Server daemon(Path store) {
    return Server.start(
        bench, "--cas", store.toString(), "--remote", "grpc://localhost:" + relay.port());
  }

  private int blobCalls() {
    return remote.seen(Rpc.BATCH_READ).size() + remote.seen(Rpc.READ).size();
  }

  /** Waits until the server has been asked for all of these. */
  private void await(List<Digest> digests) {
    List<String> wanted = digests.stream().map(Digest::toString).toList();
    long deadline = System.nanoTime() + Server.PATIENCE.toNanos();
    while (!asked().containsAll(wanted)) {
      assertThat(System.nanoTime()).as("not all is asked for").isLessThan(deadline);
      Workbench.pause();
    }
  }

  /** All blobs that the server was asked for, in batches or alone. */
  private Set<String> asked() {
    Set<String> asked = new HashSet<>();
    for (SeenCall call : remote.seen()) {
      if (call.request() instanceof BatchReadBlobsRequest batch) {
        batch.getDigestsList().forEach(each -> asked.add(Digests.fromProto(each).toString()));
      } else if (call.request() instanceof ReadRequest one) {
        asked.add(one.getResourceName().replaceFirst("^blobs/", ""));
      }
    }
    return asked;
  }
}
