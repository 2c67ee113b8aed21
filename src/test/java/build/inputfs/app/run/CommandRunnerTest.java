package build.inputfs.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.posix.Processes;
import build.inputfs.cas.posix.Processes.Redirect;
import build.inputfs.cas.posix.Signals;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class CommandRunnerTest {
  private static final Environment PATH = Environment.EMPTY.with("PATH", "/usr/bin:/bin");

  /** Longer than any test lasts, unless it fails. */
  private static final Duration NEVER = Duration.ofSeconds(60);

  private final Processes processes = Processes.load();
  private final Interruption interruption = new Interruption();

  @TempDir private Path folder;

  @AfterEach
  void noProcessIsLeft() {
    assertThat(processes.hasChildren()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"exit 0, 0", "exit 7, 7", "kill -KILL $$, 137", "exit 255, 255"})
  void run_handsTheExitCodeThrough(String script, int exitCode) throws IOException {
    assertThat(shell(script)).isEqualTo(new CommandEnd.Exited(exitCode));
  }

  @Test
  void run_startsInTheWorkingDirectory() throws IOException {
    Files.createDirectories(folder.resolve("a/b"));

    assertThat(run(NEVER, "a/b", PATH, null, "sh", "-c", "pwd -P > out"))
        .isEqualTo(new CommandEnd.Exited(0));
    assertThat(folder.resolve("a/b/out")).hasContent(folder.toRealPath() + "/a/b");
  }

  @Test
  void run_looksTheCommandUpInItsOwnPath() throws IOException {
    Files.createDirectories(folder.resolve("tools"));
    script("tools/tool", "#!/bin/sh\nexit 9\n");

    assertThat(run(NEVER, "", Environment.EMPTY.with("PATH", "nowhere:tools"), null, "tool"))
        .isEqualTo(new CommandEnd.Exited(9));
    assertThat(run(NEVER, "tools", Environment.EMPTY.with("PATH", ""), null, "tool"))
        .isEqualTo(new CommandEnd.Exited(9));
  }

  @Test
  void run_withoutAPath_findsWhatEverySystemHas() throws IOException {
    assertThat(run(NEVER, "", Environment.EMPTY, null, "sh", "-c", "exit 3"))
        .isEqualTo(new CommandEnd.Exited(3));
  }

  @Test
  void run_ofAScriptWithoutInterpreter_takesTheShell() throws IOException {
    script("tool", "exit $1\n");

    assertThat(run(NEVER, "", PATH, null, "./tool", "4")).isEqualTo(new CommandEnd.Exited(4));
  }

  @Test
  void run_whenThereIsNoSuchCommand_saysSoAsShellsDo() throws IOException {
    assertThat(run(NEVER, "", PATH, null, "no-such-command").exitCode()).isEqualTo(127);
    assertThat(run(NEVER, "", PATH, null, "./no-such-command").exitCode()).isEqualTo(127);
    assertThat(run(NEVER, "", PATH, null, "").exitCode()).isEqualTo(127);
  }

  @Test
  void run_whenTheCommandCannotBeExecuted_saysSoAsShellsDo() throws IOException {
    Files.writeString(folder.resolve("plain"), "");

    CommandEnd end = run(NEVER, "", PATH, null, "./plain");

    assertThat(end.exitCode()).isEqualTo(126);
    assertThat(end.problem()).contains("'./plain'").contains("Permission denied");
  }

  @Test
  void run_whenTimeIsOver_asksAndEndsWith124() throws IOException {
    String script = "trap 'echo asked > out; exit 0' TERM; echo > ready; sleep 90 & wait";
    CommandEnd end = run(NEVER, "", PATH, Duration.ofMillis(300), "sh", "-c", script);
    for (int seconds = 1; !Files.exists(folder.resolve("ready")); seconds *= 2) {
      // The shell was not ready to hear anything when its time was over: here all takes longer.
      end = run(NEVER, "", PATH, Duration.ofSeconds(seconds), "sh", "-c", script);
    }

    assertThat(end).isEqualTo(new CommandEnd.TimedOut());
    assertThat(end.exitCode()).isEqualTo(124);
    assertThat(folder.resolve("out")).hasContent("asked");
  }

  @Test
  void run_whenTimeIsOverAndTheCommandDoesNotEnd_killsIt() throws IOException {
    CommandEnd end =
        run(
            Duration.ofMillis(100),
            "",
            PATH,
            Duration.ofMillis(100),
            "sh",
            "-c",
            "trap '' TERM; while :; do sleep 90; done");

    assertThat(end).isEqualTo(new CommandEnd.TimedOut());
  }

  @Test
  void run_whenASignalComes_passesItOnAndKeepsTheExitCode() throws Exception {
    CommandEnd end =
        runAndSignal(NEVER, "trap 'exit 5' TERM; echo > ready; sleep 90 & wait", Signals.TERM);

    assertThat(end).isEqualTo(new CommandEnd.Stopped(Signals.TERM, 5));
    assertThat(end.exitCode()).isEqualTo(5);
  }

  @Test
  void run_whenASignalComesAndTheCommandEndsWell_isStoppedNevertheless() throws Exception {
    CommandEnd end =
        runAndSignal(NEVER, "trap 'exit 0' TERM; echo > ready; sleep 90 & wait", Signals.TERM);

    assertThat(end.exitCode()).isEqualTo(128 + 15);
  }

  @Test
  void run_whenTheCommandIgnoresTheSignal_killsItAfterTheGracePeriod() throws Exception {
    CommandEnd end =
        runAndSignal(Duration.ofMillis(100), "trap '' TERM; echo > ready; sleep 90", Signals.TERM);

    assertThat(end).isEqualTo(new CommandEnd.Stopped(Signals.TERM, 137));
  }

  @Test
  void run_whenASecondSignalComes_killsAtOnce() throws Exception {
    CommandEnd end =
        runAndSignal(NEVER, "trap '' TERM HUP; echo > ready; sleep 90", Signals.TERM, Signals.TERM);

    assertThat(end).isEqualTo(new CommandEnd.Stopped(Signals.TERM, 137));
  }

  @Test
  void run_whenTheSignalCameBefore_endsTheCommand() throws IOException {
    interruption.signal(Signals.TERM);

    assertThat(shell("sleep 90")).isEqualTo(new CommandEnd.Stopped(Signals.TERM, 143));
  }

  @Test
  void run_endsWhatTheCommandLeavesBehind() throws IOException {
    CommandEnd end =
        shell(
            """
            trap '' TERM
            setsid sh -c 'trap "" TERM; echo $$ > pids; (sleep 90 & echo $! >> pids); sleep 90' &
            while [ "$(cat pids 2>/dev/null | wc -l)" != 2 ]; do sleep 0.01; done
            """);

    assertThat(end).isEqualTo(new CommandEnd.Exited(0));
    for (String pid : Files.readAllLines(folder.resolve("pids"))) {
      assertThat(Path.of("/proc", pid)).doesNotExist();
    }
  }

  @Test
  void run_reapsOrphansWhileTheCommandGoesOn() throws IOException {
    assertThat(awaitOrphan()).isEqualTo(new CommandEnd.Exited(0));
  }

  @Test
  void run_besideADeadChildThatNobodyReaps_ends() throws Exception {
    // An orphan of a program that this process ran by other means, and has adopted.
    int dead = orphan();
    while (!processes.hasEnded(dead)) {
      Thread.onSpinWait();
    }
    try {
      assertThat(awaitOrphan()).isEqualTo(new CommandEnd.Exited(0));
      assertThat(shell("exit 3")).isEqualTo(new CommandEnd.Exited(3));
    } finally {
      processes.reap(dead);
    }
  }

  private int orphan() throws Exception {
    processes.setSubreaper(true);
    Process parent = new ProcessBuilder("sh", "-c", "sleep 0 >&- & echo $!").start();
    String child = new String(parent.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    assertThat(parent.waitFor()).isZero();
    return Integer.parseInt(child.strip());
  }

  private CommandEnd awaitOrphan() throws IOException {
    return shell(
        """
        (sleep 0 & echo $! > orphan)
        while [ -e /proc/$(cat orphan) ]; do sleep 0.01; done
        """);
  }

  private CommandEnd shell(String script) throws IOException {
    return run(NEVER, "", PATH, null, "sh", "-c", script);
  }

  private CommandEnd run(
      Duration grace,
      String directory,
      Environment environment,
      @Nullable Duration timeout,
      String... arguments)
      throws IOException {
    List<Redirect> silence =
        List.of(
            new Redirect.From(0, Path.of("/dev/null")), new Redirect.To(2, Path.of("/dev/null")));
    return new CommandRunner(processes, interruption, grace)
        .run(
            folder,
            new Invocation(List.of(arguments), environment, true, directory, timeout, silence));
  }

  /** Runs a script and sends signals as soon as there is a file {@code ready}. */
  private CommandEnd runAndSignal(Duration grace, String script, Signals... signals)
      throws Exception {
    Thread sender =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!Files.exists(folder.resolve("ready"))) {
                    Thread.onSpinWait();
                  }
                  for (Signals signal : signals) {
                    interruption.signal(signal);
                  }
                });
    CommandEnd end = run(grace, "", PATH, null, "sh", "-c", script);
    sender.join();
    return end;
  }

  private void script(String name, String content) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
