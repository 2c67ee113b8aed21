package build.inputfs.it.soak;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process of inputfs that makes and removes views as it is told, as the benchmark uses it, and
 * what it takes meanwhile. Used by one thread.
 */
final class ViewMaker implements AutoCloseable {
  private final Workbench bench;
  private final Path scratch;
  private final Process process;
  private final BufferedWriter requests;
  private final BufferedReader answers;

  /** Starts one with a strategy, on the store of a test. */
  ViewMaker(Workbench bench, Strategy strategy) {
    this.bench = bench;
    scratch = bench.fresh("scratch");
    List<String> command =
        bench.command(
            "bench-serve",
            strategy.option(),
            bench.store().folder().toString(),
            scratch.toString());
    try {
      ProcessBuilder builder =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
      builder.environment().putAll(bench.programEnvironment());
      process = builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    requests = process.outputWriter(StandardCharsets.UTF_8);
    answers = process.inputReader(StandardCharsets.UTF_8);
    ask("start");
  }

  /** Makes a view, and gives its number. */
  String make(BlobName root, Path at) {
    return value(ask("make\t" + root.hash() + "/" + root.size() + "\t" + at), "view");
  }

  void remove(String view) {
    ask("remove\t" + view);
  }

  /**
   * What it has now.
   *
   * @param heap bytes on the heap after a full collection
   * @param descriptors what it has open
   * @param mounts all mounts of the test
   * @param scratches what is in its session's folder
   */
  record Holdings(long heap, long descriptors, long mounts, long scratches) {}

  Holdings holdings() {
    // Objects that wait to be finalized or cleaned need a second collection.
    ask("memory");
    long heap = Long.parseLong(value(ask("memory"), "heap"));
    return new Holdings(
        heap,
        count(Path.of("/proc/" + process.pid() + "/fd")),
        ProcFs.mountsBelow(bench.folder()).size(),
        sessions().stream().mapToLong(ViewMaker::count).sum());
  }

  /** Ends it, and with it whatever its views shared. */
  @Override
  public void close() {
    try {
      requests.close();
      if (!process.waitFor(2, TimeUnit.MINUTES)) {
        throw new AssertionError("the process that makes views does not end");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      process.destroyForcibly();
    }
  }

  /** All that is in its scratch. */
  long left() {
    return count(scratch);
  }

  private List<Path> sessions() {
    try (var sessions = Files.list(scratch.resolve("current"))) {
      return sessions.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long count(Path folder) {
    try (var entries = Files.list(folder)) {
      return entries.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private String ask(String request) {
    try {
      requests.write(request + "\n");
      requests.flush();
      String answer = answers.readLine();
      if (answer == null || !answer.startsWith("ok")) {
        throw new AssertionError(request + " was answered " + answer);
      }
      return answer;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String value(String answer, String name) {
    for (String field : answer.split("\t", -1)) {
      if (field.startsWith(name + "=")) {
        return field.substring(name.length() + 1);
      }
    }
    throw new AssertionError("no " + name + " in " + answer);
  }
}
