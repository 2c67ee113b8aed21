package build.inputfs.it.daemon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/**
 * A program that reads files, one after the other or all at once, and prints how long that took:
 * {@code FOLDER LIST each|all}. The list has their paths in the folder.
 */
final class ReadTimes {
  private ReadTimes() {}

  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    List<Path> files =
        Files.readAllLines(Path.of(arguments[1])).stream().map(folder::resolve).toList();
    System.out.println(arguments[2].equals("all") ? atOnce(files) : each(files));
  }

  private static String each(List<Path> files) throws IOException {
    double[] times = new double[files.size()];
    double all = 0;
    for (int i = 0; i < times.length; i++) {
      long start = System.nanoTime();
      var _ = Files.readAllBytes(files.get(i));
      times[i] = (System.nanoTime() - start) / 1e6;
      all += times[i];
    }
    double[] waits = Arrays.stream(times).filter(time -> time > 2).sorted().toArray();
    Arrays.sort(times);
    return "%d files in %.0f ms; median %.2f ms, longest %.1f; %d took more than 2 ms, median %.1f"
        .formatted(
            times.length,
            all,
            times[times.length / 2],
            times[times.length - 1],
            waits.length,
            waits.length == 0 ? 0 : waits[waits.length / 2]);
  }

  private static String atOnce(List<Path> files) throws InterruptedException {
    CountDownLatch ready = new CountDownLatch(files.size());
    CountDownLatch go = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (Path file : files) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      ready.countDown();
                      go.await();
                      var _ = Files.readAllBytes(file);
                    } catch (IOException | InterruptedException e) {
                      System.out.println(e);
                    }
                  }));
    }
    ready.await();
    long start = System.nanoTime();
    go.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    return "%d files at once in %.0f ms".formatted(files.size(), (System.nanoTime() - start) / 1e6);
  }
}
