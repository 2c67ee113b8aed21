package build.inputfs.fuse.vfs;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process that uses a mount, since the JVM that serves it must not. What it prints, on both
 * streams, goes to a file, so that nobody has to read along.
 */
public final class Child implements AutoCloseable {
  private final Process process;
  private final Path output;

  private Child(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  public static Child start(String... command) throws IOException {
    Path output = Files.createTempFile("child", ".out");
    ProcessBuilder builder = new ProcessBuilder(List.of(command));
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    builder.redirectInput(Path.of("/dev/null").toFile());
    builder.environment().put("LC_ALL", "C");
    return new Child(builder.start(), output);
  }

  /** Runs a script of sh(1) in {@code directory} and gives what it printed. It must succeed. */
  public static String sh(Path directory, String script) throws IOException, InterruptedException {
    return run("sh", "-c", "cd \"$0\" || exit 99\nset -e\n" + script, directory.toString());
  }

  /** Starts a script of sh(1) in {@code directory}. */
  public static Child startSh(Path directory, String script) throws IOException {
    return start("sh", "-c", "cd \"$0\" || exit 99\n" + script, directory.toString());
  }

  /** Runs a script of Python in {@code directory} and gives what it printed. It must succeed. */
  public static String python(Path directory, String script)
      throws IOException, InterruptedException {
    return run(
        "python3", "-c", "import os,sys\nos.chdir(sys.argv[1])\n" + script, directory.toString());
  }

  private static String run(String... command) throws IOException, InterruptedException {
    try (Child child = start(command)) {
      int code = child.await();
      if (code != 0) {
        throw new AssertionError(
            "exit code " + code + " of " + String.join(" ", command) + "\n" + child.output());
      }
      return child.output();
    }
  }

  /** Waits for its end, two minutes at most, and gives its exit code. */
  public int await() throws InterruptedException {
    return awaitEnd(120);
  }

  /** Waits for its end, so many seconds at most, and gives its exit code. */
  public int awaitEnd(int seconds) throws InterruptedException {
    if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
      throw new AssertionError("still running after " + seconds + " s: " + process.info());
    }
    return process.exitValue();
  }

  public long pid() {
    return process.pid();
  }

  public boolean alive() {
    return process.isAlive();
  }

  /** SIGKILL. */
  public void kill() {
    process.destroyForcibly();
  }

  public String output() throws IOException {
    return Files.readString(output, StandardCharsets.ISO_8859_1);
  }

  /** Waits until it has printed {@code text}. */
  public void awaitOutput(String text) throws IOException, InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!output().contains(text)) {
      if (System.nanoTime() > limit) {
        throw new AssertionError("did not print " + text + " but " + output());
      }
      Thread.sleep(5);
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    Files.deleteIfExists(output);
  }
}
