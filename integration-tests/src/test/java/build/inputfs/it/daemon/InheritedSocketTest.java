package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.proto.DaemonGrpc;
import build.inputfs.app.proto.GetInfoRequest;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A daemon whose socket is somebody else's, who listened before it was started. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class InheritedSocketTest {
  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void daemon_startedByItsFirstClient_servesTheSocketAndLeavesIt() throws IOException {
    Machine.need(Strategy.FUSE);
    Machine.needProgram("systemd-socket-activate");
    Path socket = bench.folder().resolve("given.sock");
    Path other = bench.folder().resolve("other.sock");
    List<String> command =
        new ArrayList<>(
            List.of(
                "systemd-socket-activate",
                "--inetd",
                "--listen=" + socket,
                "env",
                "INPUTFS_BUILD=never"));
    bench.programEnvironment().forEach((name, value) -> command.add(name + "=" + value));
    List<String> daemon = Server.command(bench, other, bench.fresh("scratch"));
    command.addAll(bench.command(daemon.toArray(String[]::new)));

    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (Child child = Child.start(bench.folder(), bench.programEnvironment(), command)) {
      while (!Files.exists(socket) && child.isAlive()) {
        Workbench.pause();
      }
      ManagedChannel channel = Server.channel(socket, loop);
      var info =
          DaemonGrpc.newBlockingStub(channel)
              .withWaitForReady()
              .withDeadlineAfter(2, TimeUnit.MINUTES)
              .getInfo(GetInfoRequest.getDefaultInstance());
      assertThat(info.getPid()).isEqualTo(child.pid());
      assertThat(other).doesNotExist();
      var _ = channel.shutdownNow();

      child.signal("TERM");
      child.await(Server.PATIENCE).ok();
      assertThat(socket).exists();
    } finally {
      var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
  }
}
