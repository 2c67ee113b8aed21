package build.inputfs.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.mutable.FuseStrategy;
import build.inputfs.fuse.vfs.Child;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Measures a view over this transport against {@link PlainLoopback}, in turn, each time in a mount
 * of its own. Prints medians; its name keeps it out of the usual tests.
 */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
final class JnrBenchmark {
  private static final int DIRECTORIES = 500;
  private static final int FILES_IN_EACH = 20;
  private static final int ROUNDS = Integer.getInteger("inputfs.test.rounds", 5);

  /** Prints milliseconds: a first walk, a first reading of all, and both again. */
  private static final String CLIENT =
      """
      import time
      files = []
      def walk(path):
        with os.scandir(path) as entries:
          for e in entries:
            s = e.stat(follow_symlinks=False)
            if e.is_dir(follow_symlinks=False): walk(e.path)
            else: files.append(e.path)
      def read():
        total = 0
        for f in files:
          d = os.open(f, os.O_RDONLY)
          total += len(os.read(d, 65536))
          os.close(d)
        return total
      figures = []
      for turn in range(2):
        files.clear()
        t = time.perf_counter(); walk('.'); figures.append(time.perf_counter() - t)
        t = time.perf_counter(); total = read(); figures.append(time.perf_counter() - t)
      print(len(files), total, *('%.1f' % (1000 * f) for f in figures))
      """;

  private static final List<String> ROWS =
      List.of("walk, first", "open+read+close, first", "walk, again", "open+read+close, again");

  private final Posix posix = Posix.load();
  @TempDir Path folder;

  @Test
  void tenThousandFiles_areWalkedAndRead() throws Exception {
    JnrTestMount.requireFuse();
    Assumptions.assumeTrue(ROUNDS > 0, "no rounds");
    Path source = Files.createDirectory(folder.resolve("source"));
    Path point = Files.createDirectory(folder.resolve("point"));
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    try (LocalStore store =
        LocalStore.open(
            folder.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolve("own"),
            posix)) {
      Digest root = makeTree(store, source);
      Map<String, double[][]> figures = new LinkedHashMap<>();
      figures.put("jnr transport", new double[ROWS.size()][ROUNDS]);
      figures.put("plain loopback", new double[ROWS.size()][ROUNDS]);
      for (int round = 0; round < ROUNDS; round++) {
        try (FuseStrategy strategy =
                new FuseStrategy(
                    posix,
                    new JnrTransport(posix, JnrOptions.PRIVATE),
                    store,
                    new TreeReader(store, 64 << 20),
                    scratch);
            View view =
                strategy.open(new ViewSpec(root, point, 0, 0, false, List.of(), Quota.NONE))) {
          assertThat(view.failures()).isEmpty();
          measure(point, round, figures.getOrDefault("jnr transport", new double[0][]));
        }
        loopback(source, point, round, figures.getOrDefault("plain loopback", new double[0][]));
      }
      print(figures);
    }
  }

  private void loopback(Path source, Path point, int round, double[][] figures) throws Exception {
    PlainLoopback loopback = new PlainLoopback(source);
    Thread server = Thread.ofPlatform().daemon().start(() -> loopback.mount(point, true));
    try {
      while (MountTable.read().at(point) == null) {
        Thread.sleep(5);
      }
      measure(point, round, figures);
    } finally {
      posix.umount2(point, Posix.MNT_DETACH);
      server.join(10_000);
    }
  }

  private static void measure(Path point, int round, double[][] figures) throws Exception {
    String[] fields = Child.python(point, CLIENT).strip().split(" ", -1);
    assertThat(fields[0]).isEqualTo(String.valueOf(DIRECTORIES * FILES_IN_EACH));
    for (int row = 0; row < ROWS.size(); row++) {
      figures[row][round] = Double.parseDouble(fields[2 + row]);
    }
  }

  private Digest makeTree(LocalStore store, Path source) throws Exception {
    DirectoryBuilder top = new DirectoryBuilder();
    for (int i = 0; i < DIRECTORIES; i++) {
      DirectoryBuilder directory = new DirectoryBuilder();
      Path there = Files.createDirectory(source.resolve("dir%03d".formatted(i)));
      for (int j = 0; j < FILES_IN_EACH; j++) {
        byte[] content =
            "file %d in directory %d\n".formatted(j, i).repeat(80).getBytes(StandardCharsets.UTF_8);
        Files.write(there.resolve("file%02d".formatted(j)), content);
        directory.addFile("file%02d".formatted(j), store.put(content), false, null);
      }
      top.addDirectory("dir%03d".formatted(i), store.put(directory.build()));
    }
    return store.put(top.build());
  }

  private static void print(Map<String, double[][]> figures) {
    List<double[]> medians = new ArrayList<>();
    for (double[][] contender : figures.values()) {
      medians.add(Arrays.stream(contender).mapToDouble(JnrBenchmark::median).toArray());
    }
    System.out.printf("%-24s %s, ms, medians of %d%n", "", figures.keySet(), ROUNDS);
    for (int row = 0; row < ROWS.size(); row++) {
      double own = medians.get(0)[row];
      double other = medians.get(1)[row];
      System.out.printf("%-24s %8.1f %8.1f  ratio %.2f%n", ROWS.get(row), own, other, own / other);
    }
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
