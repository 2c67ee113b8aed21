package build.inputfs.it.daemon;

import build.inputfs.app.proto.CloseViewRequest;
import build.inputfs.app.proto.CreateViewRequest;
import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Workbench;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A running daemon on the store of a test, and a client's connection to it. */
final class Server implements AutoCloseable {
  static final Duration PATIENCE = Duration.ofMinutes(2);

  private final Child process;
  private final Path socket;
  private final Path scratch;
  private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private final ManagedChannel channel;

  private Server(Child process, Path socket, Path scratch) {
    this.process = process;
    this.socket = socket;
    this.scratch = scratch;
    this.channel = channel(socket, loop);
  }

  /** Starts one with a scratch of its own, and waits until it listens. */
  static Server start(Workbench bench, String... options) {
    return start(bench, bench.fresh("scratch"), options);
  }

  /** Starts one, and waits until it listens. */
  static Server start(Workbench bench, Path scratch, String... options) {
    Path socket = bench.folder().resolve("daemon.sock");
    Child process = bench.start(command(bench, socket, scratch, options));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!process.out().endsWith("\n")) {
      if (!process.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("no daemon came: " + process.out() + process.err());
      }
      Workbench.pause();
    }
    return bench.keep(new Server(process, socket, scratch));
  }

  static List<String> command(Workbench bench, Path socket, Path scratch, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of("daemon", "--socket", socket.toString(), "--scratch", scratch.toString()));
    command.addAll(List.of(options));
    if (!command.contains("--cas")) {
      command.addAll(List.of("--cas", bench.store().folder().toString()));
    }
    if (!command.contains("--log-level")) {
      command.addAll(List.of("--log-level", "warn"));
    }
    return command;
  }

  static ManagedChannel channel(Path socket, EventLoopGroup loop) {
    return NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(socket))
        .channelType(NioDomainSocketChannel.class)
        .eventLoopGroup(loop)
        .overrideAuthority("localhost")
        .usePlaintext()
        .build();
  }

  static CreateViewRequest.Builder request(BlobName root) {
    return CreateViewRequest.newBuilder()
        .setInputRoot(
            build.inputfs.cas.proto.Digest.newBuilder()
                .setHash(root.hash())
                .setSizeBytes(root.size()));
  }

  ViewsGrpc.ViewsBlockingStub views() {
    return ViewsGrpc.newBlockingStub(channel).withDeadlineAfter(2, TimeUnit.MINUTES);
  }

  View create(CreateViewRequest.Builder request) {
    return views().createView(request.build());
  }

  void close(View view) {
    var _ = views().closeView(CloseViewRequest.newBuilder().setName(view.getName()).build());
  }

  /** Runs a script in a view. */
  static Outcome sh(Workbench bench, View view, String script) {
    return Child.run(
        Path.of("/"),
        PATIENCE,
        bench.environment(),
        List.of("sh", "-ec", "cd \"$0\"; " + script, view.getPath()));
  }

  /** Waits until a process has said something, on either of its streams. */
  static void awaitOutput(Child child, String text) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!(child.out() + child.err()).contains(text)) {
      if (!child.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("no '" + text + "': " + child.out() + child.err());
      }
      Workbench.pause();
    }
  }

  ViewsGrpc.ViewsStub asynchronous() {
    return ViewsGrpc.newStub(channel);
  }

  DaemonGrpc.DaemonBlockingStub daemon() {
    return DaemonGrpc.newBlockingStub(channel).withDeadlineAfter(2, TimeUnit.MINUTES);
  }

  ManagedChannel channel() {
    return channel;
  }

  Child process() {
    return process;
  }

  Path socket() {
    return socket;
  }

  Path scratch() {
    return scratch;
  }

  /** Has it end as a service manager does. */
  Outcome stop() {
    process.signal("TERM");
    return process.await(PATIENCE);
  }

  @Override
  public void close() {
    var _ = channel.shutdownNow();
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    if (process.isAlive()) {
      stop().ok();
    }
  }
}
