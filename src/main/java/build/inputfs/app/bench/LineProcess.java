package build.inputfs.app.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process that answers each line with one line, fields separated by tabs: {@code ok} and
 * {@code NAME=VALUE} fields, or {@code error} and a message. It ends when its input does.
 *
 * <p>For one thread, but for {@link #kill}.
 */
final class LineProcess implements AutoCloseable {
  private static final long GRACE_SECONDS = 30;

  private final String name;
  private final Process process;
  private final BufferedWriter in;
  private final BufferedReader out;

  private LineProcess(String name, Process process) {
    this.name = name;
    this.process = process;
    this.in =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /**
   * Starts one.
   *
   * @param name what messages call it
   * @param log takes what it writes to stderr, after what is there
   */
  static LineProcess start(String name, List<String> command, Path log) throws IOException {
    return new LineProcess(
        name,
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start());
  }

  /** What was answered: the values by their names. */
  record Answer(Map<String, String> values) {
    long number(String name) {
      return Long.parseLong(text(name));
    }

    String text(String name) {
      String value = values.get(name);
      if (value == null) {
        throw new IllegalStateException("the answer has no '" + name + "': " + values);
      }
      return value;
    }
  }

  /**
   * Has it do something.
   *
   * @throws RefusedException when it answers that it cannot
   * @throws IOException when it is gone
   */
  Answer ask(String... fields) throws IOException {
    for (String field : fields) {
      if (field.indexOf('\t') >= 0 || field.indexOf('\n') >= 0) {
        throw new IOException("the benchmark cannot work in a folder with such a name: " + field);
      }
    }
    in.write(String.join("\t", fields));
    in.newLine();
    in.flush();
    String line = out.readLine();
    if (line == null) {
      throw new IOException(name + " has ended early");
    }
    String[] parts = line.split("\t", -1);
    if (!parts[0].equals("ok")) {
      throw new RefusedException(line.substring(Math.min(line.length(), "error\t".length())));
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 1; i < parts.length; i++) {
      int equals = parts[i].indexOf('=');
      values.put(parts[i].substring(0, equals), parts[i].substring(equals + 1));
    }
    return new Answer(values);
  }

  /** Ends it at once. Any thread may call this at any time. */
  void kill() {
    process.destroyForcibly();
  }

  /** Ends it, by itself if it will. */
  @Override
  public void close() throws IOException {
    try {
      in.close();
    } catch (IOException e) {
      // It is gone, so its end of the pipe is.
    }
    boolean interrupted = Thread.interrupted();
    try {
      if (!process.waitFor(GRACE_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(name + " does not end");
      }
    } catch (InterruptedException e) {
      interrupted = true;
    } finally {
      kill();
      out.close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
