package build.inputfs.it.daemon;

import build.inputfs.app.proto.CloseViewRequest;
import build.inputfs.app.proto.View;
import build.inputfs.app.proto.ViewsGrpc;
import build.inputfs.it.harness.BlobName;
import io.grpc.ManagedChannel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * A process with several clients, each with a connection of its own, that make and close views one
 * after the other: {@code SOCKET HASH/SIZE CLIENTS VIEWS}. Prints what each pair of calls took.
 */
final class LoadClient {
  private LoadClient() {}

  public static void main(String[] arguments) throws Exception {
    Path socket = Path.of(arguments[0]);
    BlobName root = BlobName.parse(arguments[1]);
    int clients = Integer.parseInt(arguments[2]);
    int viewsEach = Integer.parseInt(arguments[3]) / clients;
    EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      List<Future<long[]>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        running.add(threads.submit(() -> work(socket, loop, root, viewsEach)));
      }
      long start = System.nanoTime();
      long[] all = new long[clients * viewsEach];
      int at = 0;
      for (Future<long[]> one : running) {
        long[] nanos = one.get();
        System.arraycopy(nanos, 0, all, at, nanos.length);
        at += nanos.length;
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      Arrays.sort(all);
      System.out.printf(
          "%d views by %d clients in %.1f s: create+close median %.2f ms, p90 %.2f ms, p99 %.2f ms,"
              + " longest %.2f ms%n",
          all.length,
          clients,
          seconds,
          all[all.length / 2] / 1e6,
          all[all.length * 9 / 10] / 1e6,
          all[all.length * 99 / 100] / 1e6,
          all[all.length - 1] / 1e6);
    }
    var _ = loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
  }

  private static long[] work(Path socket, EventLoopGroup loop, BlobName root, int views) {
    ManagedChannel channel = Server.channel(socket, loop);
    try {
      ViewsGrpc.ViewsBlockingStub stub = ViewsGrpc.newBlockingStub(channel);
      long[] nanos = new long[views];
      for (int i = 0; i < views; i++) {
        long start = System.nanoTime();
        View view = stub.createView(Server.request(root).build());
        var _ = stub.closeView(CloseViewRequest.newBuilder().setName(view.getName()).build());
        nanos[i] = System.nanoTime() - start;
      }
      return nanos;
    } finally {
      var _ = channel.shutdownNow();
    }
  }
}
