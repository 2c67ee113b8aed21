package build.inputfs.app.bench;

import build.inputfs.cache.view.Folders;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.tree.TreeReader;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The process that makes the views of one strategy for a benchmark: it does what the lines of its
 * input say, as {@link StrategyContender} writes them, until there are no more. Whatever happens,
 * it leaves no view behind.
 *
 * <p>For one thread. It measures with its own clock how long views take to make and to end.
 */
public final class ViewServer {
  private final LocalStore store;
  private final StrategyOpener opener;
  private final Posix posix;
  private final Path current;
  private final Map<Long, View> views = new TreeMap<>();
  private @Nullable ViewStrategy strategy;
  private long lastView;

  /**
   * @param scratch a folder for what actions write, of this process alone
   */
  public ViewServer(LocalStore store, StrategyOpener opener, Posix posix, Path scratch) {
    this.store = store;
    this.opener = opener;
    this.posix = posix;
    this.current = scratch.resolve("current");
  }

  /** Serves until {@code in} ends. */
  public void serve(InputStream in, PrintStream out) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        out.println(answer(line.split("\t", -1)));
        out.flush();
      }
    } finally {
      stop();
    }
  }

  private String answer(String[] command) {
    try {
      return switch (command[0]) {
        case "start" -> start();
        case "make" -> make(Digest.parse(command[1]), Path.of(command[2]));
        case "counters" -> counters(Long.parseLong(command[1]));
        case "remove" -> remove(Long.parseLong(command[1]));
        case "memory" -> memory();
        case "stop" -> stop();
        default -> "error\tthe view server does not know '" + command[0] + "'";
      };
    } catch (IOException | RuntimeException e) {
      String message = e.getMessage() == null ? e.toString() : e.getMessage();
      return "error\t" + message.replaceAll("\\s", " ");
    }
  }

  /** Begins anew: what was learnt or cached by the strategy before is gone. */
  private String start() throws IOException {
    TreeReader trees = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
    strategy = opener.open(store, trees, Files.createDirectory(current));
    return "ok";
  }

  private String make(Digest root, Path path) throws IOException {
    ViewStrategy maker = Objects.requireNonNull(strategy, "not started");
    ViewSpec spec =
        new ViewSpec(root, path, posix.geteuid(), posix.getegid(), false, List.of(), Quota.NONE);
    long start = System.nanoTime();
    View view = maker.open(spec);
    long nanos = System.nanoTime() - start;
    views.put(++lastView, view);
    return "ok\tview=" + lastView + "\tnanos=" + nanos + "\tmechanism=" + view.mechanism();
  }

  private String counters(long id) {
    StringBuilder answer = new StringBuilder("ok");
    Objects.requireNonNull(views.get(id))
        .counters()
        .forEach((name, count) -> answer.append('\t').append(name).append('=').append(count));
    return answer.toString();
  }

  private String remove(long id) throws IOException {
    View view = Objects.requireNonNull(views.remove(id));
    long start = System.nanoTime();
    view.close();
    return "ok\tnanos=" + (System.nanoTime() - start);
  }

  /** What is on the heap after a full collection, and what the whole process has in memory. */
  private static String memory() throws IOException {
    System.gc();
    long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      if (line.startsWith("VmRSS:")) {
        long rss = Long.parseLong(line.replaceAll("\\D", "")) << 10;
        return "ok\theap=" + heap + "\trss=" + rss;
      }
    }
    return "error\t/proc does not tell how much memory this process has";
  }

  private String stop() throws IOException {
    IOException failure = null;
    for (Map.Entry<Long, View> view : List.copyOf(views.entrySet())) {
      views.remove(view.getKey());
      failure = close(view.getValue(), failure);
    }
    ViewStrategy ended = strategy;
    strategy = null;
    if (ended != null) {
      failure = close(ended, failure);
    }
    if (Files.exists(current)) {
      Folders.delete(current);
    }
    if (failure != null) {
      throw failure;
    }
    return "ok";
  }

  private static @Nullable IOException close(AutoCloseable owned, @Nullable IOException before) {
    try {
      owned.close();
      return before;
    } catch (Exception e) {
      IOException failure = e instanceof IOException io ? io : new IOException(e);
      if (before == null) {
        return failure;
      }
      before.addSuppressed(failure);
      return before;
    }
  }
}
