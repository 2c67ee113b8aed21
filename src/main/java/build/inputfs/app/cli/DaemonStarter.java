package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.UnservedException;
import build.inputfs.app.run.Interruption;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Starts a daemon that stays when this program has ended, in a session of its own, so that the
 * terminal's signals do not reach it. What it says goes to {@code daemon.log} in the folder of
 * scratches.
 */
final class DaemonStarter {
  private static final Duration PATIENCE = Duration.ofSeconds(100);
  private static final Duration PAUSE = Duration.ofMillis(20);

  private final List<String> program;
  private final Path socket;
  private final Path folder;

  /**
   * @param program how it is started, with the options that it has whatever it does
   * @param folder gets the log; made where it is missing
   */
  DaemonStarter(List<String> program, Path socket, Path folder) {
    this.program = List.copyOf(program);
    this.socket = socket;
    this.folder = folder;
  }

  /**
   * Starts one and connects to it, or to whoever else has been quicker.
   *
   * @throws UnservedException when none can be started
   */
  DaemonClient start(Interruption.Work<DaemonClient> connecting) throws IOException {
    Files.createDirectories(folder);
    File log = folder.resolve("daemon.log").toFile();
    List<String> command = new ArrayList<>(List.of("setsid", program.getFirst(), "daemon"));
    command.addAll(List.of("--socket", socket.toString()));
    command.addAll(program.subList(1, program.size()));
    Process daemon =
        new ProcessBuilder(command)
            .redirectInput(new File("/dev/null"))
            .redirectOutput(log)
            .redirectErrorStream(true)
            .start();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      boolean lives = daemon.isAlive();
      try {
        return connecting.run();
      } catch (IOException e) {
        if (!lives || System.nanoTime() > deadline) {
          throw new UnservedException("none could be started: see " + log, e);
        }
      }
      try {
        var _ = daemon.waitFor(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new UnservedException("interrupted while a daemon was started", e);
      }
    }
  }
}
