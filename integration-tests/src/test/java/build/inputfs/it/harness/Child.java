package build.inputfs.it.harness;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A child process whose output is read as it comes. Used by one thread; {@link #close} ends the
 * process and all that it started, however it is doing.
 */
public final class Child implements AutoCloseable {
  private final List<String> command;
  private final Process process;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private final List<Thread> readers = new ArrayList<>();

  private Child(List<String> command, Process process) {
    this.command = command;
    this.process = process;
    readers.add(reader(process.getInputStream(), out));
    readers.add(reader(process.getErrorStream(), err));
  }

  /** Starts a command with nothing on its standard input. */
  public static Child start(Path directory, Map<String, String> environment, List<String> command) {
    return start(Namespace.OWN, directory, environment, command);
  }

  /** Starts a command in a namespace, with nothing on its standard input. */
  static Child start(
      Namespace namespace, Path directory, Map<String, String> environment, List<String> command) {
    try {
      // Whoever started the tests may have had signals ignored, and that is inherited.
      List<String> wanted = new ArrayList<>(List.of("env", "--default-signal=HUP,INT,QUIT"));
      wanted.addAll(command);
      ProcessBuilder builder = namespace.process(directory, wanted);
      // Nor is what they have set for themselves meant for the program that is tested.
      builder.environment().keySet().removeIf(Child::isForOthers);
      builder.environment().put("LC_ALL", "C.UTF-8"); // tests look at what programs say
      builder.environment().putAll(environment);
      Process process = builder.start();
      process.getOutputStream().close();
      return new Child(command, process);
    } catch (IOException e) {
      throw new AssertionError("cannot start " + command, e);
    }
  }

  private static boolean isForOthers(String variable) {
    return (variable.startsWith("INPUTFS_") && !variable.equals("INPUTFS_BUILD"))
        || variable.equals("NOTIFY_SOCKET");
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** What it wrote on standard output until now. */
  public String out() {
    return out.toString(StandardCharsets.UTF_8);
  }

  public String err() {
    return err.toString(StandardCharsets.UTF_8);
  }

  /** Sends a signal, such as {@code TERM}. */
  public void signal(String name) {
    run(Path.of("/"), Duration.ofMinutes(1), List.of("kill", "-" + name, Long.toString(pid())));
  }

  /** Waits for its end; at the deadline it is killed, and the test fails with what it wrote. */
  public Outcome await(Duration deadline) {
    try {
      if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        String stacks = whereItHangs();
        close();
        throw new AssertionError("still running after " + deadline + ": " + outcome(-1) + stacks);
      }
      // Only what still holds the pipes open can keep these: a child that went to the background.
      for (Thread reader : readers) {
        reader.join(Duration.ofSeconds(5));
      }
      return outcome(process.exitValue());
    } catch (InterruptedException e) {
      close();
      throw new AssertionError("interrupted while waiting for " + command, e);
    }
  }

  @Override
  public void close() {
    List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
    all.add(process.toHandle());
    all.forEach(ProcessHandle::destroyForcibly);
  }

  /** Runs a command to its end. */
  public static Outcome run(Path directory, Duration deadline, List<String> command) {
    return run(directory, deadline, Map.of(), command);
  }

  /** Runs a command to its end, with these variables added to the environment. */
  public static Outcome run(
      Path directory, Duration deadline, Map<String, String> environment, List<String> command) {
    try (Child child = start(directory, environment, command)) {
      return child.await(deadline);
    }
  }

  private Outcome outcome(int exit) {
    return new Outcome(command, exit, out(), err());
  }

  /** The kernel's stack of each of its processes, for the report of a hang. */
  private String whereItHangs() {
    StringBuilder text = new StringBuilder();
    process
        .descendants()
        .forEach(
            p ->
                text.append("\nprocess ")
                    .append(p.pid())
                    .append(' ')
                    .append(p.info().commandLine().orElse("?"))
                    .append(" waits in ")
                    .append(ProcFs.waitChannel(p.pid())));
    return text.toString();
  }

  private static Thread reader(InputStream from, ByteArrayOutputStream to) {
    return Thread.ofVirtual()
        .start(
            () -> {
              byte[] block = new byte[8192];
              try (from) {
                for (int n; (n = from.read(block)) > 0; ) {
                  to.write(block, 0, n);
                }
              } catch (IOException e) {
                to.writeBytes(
                    ("\n(its output ended with " + e + ")").getBytes(StandardCharsets.UTF_8));
              }
            });
  }
}
