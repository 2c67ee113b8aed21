package build.inputfs.it.daemon;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import build.inputfs.it.harness.BlobName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A process that has two daemons, or two kinds of view of one, do the same work in turn: {@code
 * WORK STRATEGY HASH/SIZE PAIRS ONE OTHER}. Each of the two is a socket, with {@code ,limited}
 * behind it for views whose scratch is limited in bytes and files. Prints what the work took, and
 * the other's ratio to the one: the median of the pairs' ratios, and their quartiles.
 */
final class PairedLoad {
  private static final Quota LIMITED = new Quota(1L << 30, 100_000);
  private static final String LIMITED_SUFFIX = ",limited";
  private static final int BLOCK = 4096;
  private static final int WARM_PAIRS = 10;

  private PairedLoad() {}

  /** What is done again and again. */
  private enum Work {
    /** 100 views are made and closed. */
    VIEWS,
    /** In a view, 200 files are made and deleted. */
    FILES,
    /** In a view, 16 MB are written to a file, in 4 KB. */
    WRITES
  }

  public static void main(String[] arguments) throws IOException {
    Work work = Work.valueOf(arguments[0].toUpperCase(Locale.ROOT));
    BlobName root = BlobName.parse(arguments[2]);
    int pairs = Integer.parseInt(arguments[3]);
    try (Side one = new Side(arguments[4], arguments[1], root);
        Side other = new Side(arguments[5], arguments[1], root)) {
      one.begin(work);
      other.begin(work);
      double[] times = new double[pairs];
      double[] ratios = new double[pairs];
      for (int i = -WARM_PAIRS; i < pairs; i++) {
        long first = i % 2 == 0 ? one.time(work) : other.time(work);
        long second = i % 2 == 0 ? other.time(work) : one.time(work);
        if (i >= 0) {
          times[i] = (i % 2 == 0 ? first : second) / 1e6;
          ratios[i] = i % 2 == 0 ? (double) second / first : (double) first / second;
        }
      }
      Arrays.sort(times);
      Arrays.sort(ratios);
      System.out.printf(
          Locale.ROOT,
          "%s, %s: %.2f ms; the other to it: %.3f (%.3f to %.3f), %d pairs%n",
          work,
          arguments[1],
          times[pairs / 2],
          ratios[pairs / 2],
          ratios[pairs / 4],
          ratios[pairs * 3 / 4],
          pairs);
    }
  }

  /** One of the two. */
  private static final class Side implements AutoCloseable {
    private final DaemonClient daemon;
    private final DaemonClient.Request wanted;
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);
    private Path view = Path.of("");

    Side(String side, String strategy, BlobName root) throws IOException {
      boolean limited = side.endsWith(LIMITED_SUFFIX);
      String socket = limited ? side.substring(0, side.length() - LIMITED_SUFFIX.length()) : side;
      daemon = DaemonClient.connect(Path.of(socket), "paired load");
      wanted =
          new DaemonClient.Request(
              Digest.of(root.hash(), root.size()),
              false,
              null,
              strategy,
              false,
              DeclaredOutputs.ofPaths(List.of()),
              limited ? LIMITED : Quota.NONE,
              List.of());
    }

    /** Makes the view that all of the work is done in. */
    void begin(Work work) throws IOException {
      if (work != Work.VIEWS) {
        DaemonClient.View made = daemon.createView(wanted);
        System.out.println(made.mechanism());
        view = made.path();
      }
    }

    long time(Work work) throws IOException {
      long start = System.nanoTime();
      switch (work) {
        case VIEWS -> makeViews();
        case FILES -> makeFiles();
        case WRITES -> write();
      }
      return System.nanoTime() - start;
    }

    private void makeViews() throws IOException {
      for (int i = 0; i < 100; i++) {
        var _ = daemon.close(daemon.createView(wanted).name());
      }
    }

    private void makeFiles() throws IOException {
      for (int i = 0; i < 200; i++) {
        Files.delete(Files.createFile(view.resolve("file-" + i)));
      }
    }

    private void write() throws IOException {
      Path file = view.resolve("file");
      try (FileChannel out =
          FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        for (int i = 0; i < (16 << 20) / BLOCK; i++) {
          int _ = out.write(block.clear());
        }
      }
      Files.delete(file);
    }

    @Override
    public void close() {
      daemon.close();
    }
  }
}
