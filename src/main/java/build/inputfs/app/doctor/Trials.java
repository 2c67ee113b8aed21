package build.inputfs.app.doctor;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Has strategies tried by a process of its own, which tells of each in one line: {@code
 * NAME<TAB>ok<TAB>STRATEGY<TAB>MECHANISM} or {@code NAME<TAB>no<TAB>REASON}. Where that process
 * hangs it is killed, and what it leaves is the caller's to remove.
 */
public final class Trials {
  private static final long PATIENCE_SECONDS = 60;

  private Trials() {}

  /**
   * What came of one.
   *
   * @param works whether it made a view that could be used
   * @param strategy which made it; empty where it does not work
   * @param how the mechanism, or the reason why not
   */
  public record Outcome(boolean works, String strategy, String how) {}

  /**
   * Tries them.
   *
   * @param command starts the process
   * @param names the strategies, as they are told of
   * @param log takes what it says on stderr
   */
  public static Map<String, Outcome> run(
      List<String> command, Map<String, String> environment, List<String> names, Path log)
      throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    Process process = builder.start();
    Map<String, Outcome> outcomes = new LinkedHashMap<>();
    Thread watchdog = Thread.ofVirtual().start(() -> killLate(process));
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split("\t", -1);
        if (fields.length == 4) {
          outcomes.put(fields[0], new Outcome(true, fields[2], fields[3]));
        } else if (fields.length == 3) {
          outcomes.put(fields[0], new Outcome(false, "", fields[2]));
        }
      }
    } finally {
      watchdog.interrupt();
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
    for (String name : names) {
      outcomes.putIfAbsent(
          name, new Outcome(false, "", "the process that tried it ended early, or hung"));
    }
    return outcomes;
  }

  private static void killLate(Process process) {
    try {
      if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it has ended
    }
  }
}
