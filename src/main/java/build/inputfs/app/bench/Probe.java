package build.inputfs.app.bench;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Does the measured work in views, in a process of its own: the C program {@code probe.c}, compiled
 * by the system's compiler. All times are in nanoseconds. For one thread.
 */
final class Probe implements AutoCloseable {
  private static final List<String> COMPILERS = List.of("cc", "gcc", "clang");

  private final LineProcess process;
  private final Path log;

  private Probe(LineProcess process, Path log) {
    this.process = process;
    this.log = log;
  }

  /** The C compiler of this machine, which the compile rows use too. */
  static String compiler() throws IOException {
    for (String folder : String.valueOf(System.getenv("PATH")).split(":", -1)) {
      for (String name : COMPILERS) {
        if (!folder.isEmpty() && Files.isExecutable(Path.of(folder, name))) {
          return name;
        }
      }
    }
    throw new IOException(
        "the benchmark needs a C compiler to build its probe: there is no cc, gcc or clang in PATH");
  }

  /**
   * Compiles the probe in {@code folder} and starts it.
   *
   * @param log takes what it and what it runs write to stderr
   */
  static Probe start(Path folder, Path log) throws IOException {
    Path source = folder.resolve("probe.c");
    try (InputStream resource = Probe.class.getResourceAsStream("probe.c")) {
      if (resource == null) {
        throw new IOException("this program was packaged without probe.c");
      }
      Files.copy(resource, source);
    }
    Path program = folder.resolve("probe");
    compile(compiler(), source, program);
    return new Probe(LineProcess.start("the probe", List.of(program.toString()), log), log);
  }

  private static void compile(String compiler, Path source, Path program) throws IOException {
    Process process =
        new ProcessBuilder(
                compiler, "-O2", "-std=gnu11", "-o", program.toString(), source.toString())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String messages = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(compiler + " cannot build the probe:\n" + messages);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  /** How long something took, and of how many things it was done. */
  record Timing(long nanos, long count) {}

  /** Lists a tree, with an lstat of every entry. */
  Timing walk(Path directory) throws IOException {
    LineProcess.Answer answer = process.ask("walk", directory.toString());
    return new Timing(answer.number("nanos"), answer.number("entries"));
  }

  /** Chooses what {@link #read} reads: all regular files of a tree, in an order by {@code seed}. */
  void chooseFiles(Path directory, long seed) throws IOException {
    process.ask("files", directory.toString(), Long.toString(seed));
  }

  /** Opens, reads and closes each chosen file, by its path relative to {@code directory}. */
  Timing read(Path directory) throws IOException {
    LineProcess.Answer answer = process.ask("read", directory.toString());
    return new Timing(answer.number("nanos"), answer.number("files"));
  }

  /** Reads one file from end to end. */
  long readFile(Path file) throws IOException {
    return process.ask("readfile", file.toString()).number("nanos");
  }

  /** Maps one file and touches all its pages. */
  long mapFile(Path file) throws IOException {
    return process.ask("mapfile", file.toString()).number("nanos");
  }

  /** Writes a new file, which is gone again afterwards. */
  long writeFile(Path file, long bytes, int block) throws IOException {
    return process
        .ask("write", file.toString(), Long.toString(bytes), Integer.toString(block))
        .number("nanos");
  }

  /** How long making and deleting files took. */
  record Churn(long create, long unlink) {}

  /** Makes empty files in the new directory {@code directory}, and deletes all again. */
  Churn churn(Path directory, int count) throws IOException {
    LineProcess.Answer answer = process.ask("churn", directory.toString(), Integer.toString(count));
    return new Churn(answer.number("create"), answer.number("unlink"));
  }

  /**
   * Runs a command to its end.
   *
   * @throws RefusedException when it does not end with 0
   */
  long run(Path directory, List<String> command) throws IOException {
    List<String> fields = new ArrayList<>(List.of("run", directory.toString()));
    fields.addAll(command);
    LineProcess.Answer answer = process.ask(fields.toArray(String[]::new));
    if (answer.number("status") != 0) {
      List<String> messages = Files.readAllLines(log);
      throw new RefusedException(
          "%s ended with %s: %s"
              .formatted(
                  command.getFirst(),
                  answer.text("status"),
                  messages.isEmpty() ? "it said nothing" : messages.getLast()));
    }
    return answer.number("nanos");
  }

  /** Ends it at once. Any thread may call this at any time. */
  void kill() {
    process.kill();
  }

  @Override
  public void close() throws IOException {
    process.close();
  }
}
