package build.inputfs.it.harness;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A process in some directory that carries out file operations, each given and answered as a line;
 * the sources of {@code fsops} among the resources say which there are. Used by one thread.
 */
public final class FsOps implements AutoCloseable {
  /** A variable that has the number of a directory's links left out of what is told. */
  static final String HIDE_DIRECTORY_LINKS = "FSOPS_HIDE_DIRECTORY_LINKS";

  /** A variable that has the number of links and the time of files like inputs left out. */
  static final String HIDE_SHARED = "FSOPS_HIDE_SHARED";

  private static final Duration DEADLINE = Duration.ofMinutes(15);
  private static final int REMEMBERED = 30;

  /** Stands for the end of the answers. */
  private static final String END = "\0";

  private final Process process;
  private final BufferedWriter requests;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final Deque<String> last = new ArrayDeque<>();
  private final boolean hidesLinks;
  private final boolean hidesShared;

  public FsOps(Path program, Path directory, Map<String, String> environment) {
    this(Namespace.OWN, program, directory, environment);
  }

  FsOps(Namespace namespace, Path program, Path directory, Map<String, String> environment) {
    try {
      ProcessBuilder builder =
          namespace
              .process(directory, List.of(program.toString()))
              .redirectError(ProcessBuilder.Redirect.INHERIT);
      builder.environment().putAll(environment);
      process = builder.start();
    } catch (IOException e) {
      throw new AssertionError("cannot start " + program + " in " + directory, e);
    }
    hidesLinks = environment.containsKey(HIDE_DIRECTORY_LINKS);
    hidesShared = environment.containsKey(HIDE_SHARED);
    requests = process.outputWriter(StandardCharsets.UTF_8);
    Thread.ofVirtual().start(() -> collect(process.inputReader(StandardCharsets.UTF_8)));
  }

  /** Carries out one operation. */
  public String ask(String operation) {
    send(operation);
    flush();
    return answer(operation);
  }

  /** Carries out operations, one a line, all of which must be answered {@code ok}. */
  public void make(String operations) {
    List<String> sent = operations.lines().filter(line -> !line.isBlank()).toList();
    sent.forEach(this::send);
    flush();
    for (String operation : sent) {
      String answer = answer(operation);
      if (!answer.equals("ok")) {
        throw new AssertionError(abbreviate(operation) + " was answered " + answer);
      }
    }
  }

  /**
   * Carries out a script: one operation a line, with what is to be answered behind {@code =>},
   * where that is not {@code ok}. Answers may hold {@code *} for any text and <code>{me}</code> for
   * this process's user and group. Lines that begin with {@code #} are remarks.
   */
  public void expect(String script) {
    for (String line : script.lines().map(String::strip).toList()) {
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int arrow = line.indexOf("=>");
      String operation = arrow < 0 ? line : line.substring(0, arrow).strip();
      String expected =
          arrow < 0 ? "ok" : line.substring(arrow + 2).strip().replace("{me}", Machine.owner());
      if (hidesLinks) {
        expected = expected.replaceFirst("^(dir \\d+) \\d+ ", "$1 - ");
      }
      if (hidesShared) {
        expected =
            expected.replaceFirst("^(file 0(?:444|555)) \\d+ (\\S+ \\d+) \\S+$", "$1 - $2 -");
      }
      String answer = ask(operation);
      if (!matches(answer, expected)) {
        throw new AssertionError(
            "expected: %s\n but was: %s\n    after: %s"
                .formatted(expected, answer, String.join("\n           ", last)));
      }
    }
  }

  /** A name or a text as the operations read it. */
  public static String escape(String text) {
    return escape(text.getBytes(StandardCharsets.UTF_8));
  }

  public static String escape(byte[] text) {
    if (text.length == 0) {
      return "%";
    }
    StringBuilder escaped = new StringBuilder(text.length);
    for (byte b : text) {
      if (b > ' ' && b < 127 && b != '%') {
        escaped.append((char) b);
      } else {
        escaped.append('%').append(String.format("%02X", b & 0xFF));
      }
    }
    return escaped.toString();
  }

  @Override
  public void close() {
    process.destroyForcibly();
    try {
      process.waitFor(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static boolean matches(String answer, String expected) {
    if (!expected.contains("*")) {
      return answer.equals(expected);
    }
    List<String> parts = new ArrayList<>(List.of(expected.split("\\*", -1)));
    int at = 0;
    for (int i = 0; i < parts.size(); i++) {
      boolean first = i == 0;
      boolean ending = i == parts.size() - 1;
      int found =
          ending && !first
              ? answer.length() - parts.get(i).length()
              : answer.indexOf(parts.get(i), at);
      if (found < at || (first && found != 0) || !answer.startsWith(parts.get(i), found)) {
        return false;
      }
      at = found + parts.get(i).length();
    }
    return true;
  }

  private void send(String operation) {
    last.addLast(abbreviate(operation));
    if (last.size() > REMEMBERED) {
      last.removeFirst();
    }
    try {
      requests.write(operation);
      requests.newLine();
    } catch (IOException e) {
      throw new AssertionError("the process that carries out operations has ended", e);
    }
  }

  private void flush() {
    try {
      requests.flush();
    } catch (IOException e) {
      throw new AssertionError("the process that carries out operations has ended", e);
    }
  }

  private String answer(String operation) {
    try {
      String answer = answers.poll(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
      if (answer == null) {
        String where = ProcFs.waitChannel(process.pid());
        close();
        throw new AssertionError("no answer in " + DEADLINE + ", waits in " + where + ": " + last);
      }
      if (answer.equals(END)) {
        throw new AssertionError(
            "ended with " + process.waitFor() + " at " + abbreviate(operation) + ", after " + last);
      }
      return answer;
    } catch (InterruptedException e) {
      close();
      throw new AssertionError("interrupted", e);
    }
  }

  private void collect(BufferedReader from) {
    try (from) {
      for (String line; (line = from.readLine()) != null; ) {
        answers.add(line);
      }
    } catch (IOException e) {
      // The process was ended while this read from it: the same as its end.
    }
    answers.add(END);
  }

  private static String abbreviate(String text) {
    return text.length() <= 200 ? text : text.substring(0, 200) + "...";
  }
}
