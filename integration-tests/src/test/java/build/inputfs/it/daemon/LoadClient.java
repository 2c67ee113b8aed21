package build.inputfs.it.daemon;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import build.inputfs.it.harness.BlobName;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A process with several clients, each with a connection of its own, that make and close views one
 * after the other: {@code SOCKET HASH/SIZE CLIENTS VIEWS}. Prints what each pair of calls took, but
 * for the first ones, which have this process compiled. As it shares the processors with what it
 * measures, it takes little itself: the connection is that of {@code inputfs run}.
 */
final class LoadClient {
  private LoadClient() {}

  public static void main(String[] arguments) throws Exception {
    Path socket = Path.of(arguments[0]);
    BlobName root = BlobName.parse(arguments[1]);
    int clients = Integer.parseInt(arguments[2]);
    int viewsEach = Integer.parseInt(arguments[3]) / clients;
    CyclicBarrier warm = new CyclicBarrier(clients + 1);
    try (ExecutorService threads = Executors.newFixedThreadPool(clients)) {
      List<Future<long[]>> running = new ArrayList<>();
      for (int i = 0; i < clients; i++) {
        running.add(threads.submit(() -> work(socket, root, viewsEach, warm)));
      }
      int _ = warm.await();
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
  }

  private static long[] work(Path socket, BlobName root, int views, CyclicBarrier warm)
      throws Exception {
    Digest digest = Digest.of(root.hash(), root.size());
    DaemonClient.Request wanted =
        new DaemonClient.Request(
            digest,
            false,
            null,
            "auto",
            false,
            DeclaredOutputs.ofPaths(List.of()),
            Quota.NONE,
            List.of());
    try (DaemonClient daemon = DaemonClient.connect(socket, "load")) {
      for (int i = 0; i < views / 4; i++) {
        var _ = daemon.close(daemon.createView(wanted).name());
      }
      int _ = warm.await();
      long[] nanos = new long[views];
      for (int i = 0; i < views; i++) {
        long start = System.nanoTime();
        var _ = daemon.close(daemon.createView(wanted).name());
        nanos[i] = System.nanoTime() - start;
      }
      return nanos;
    }
  }
}
