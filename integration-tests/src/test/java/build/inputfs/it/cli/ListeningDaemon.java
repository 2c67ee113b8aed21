package build.inputfs.it.cli;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Workbench;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A daemon for commands, at the one socket that a test has. */
final class ListeningDaemon {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private ListeningDaemon() {}

  /** Where it listens. */
  static String socket(Workbench bench) {
    return bench.folder().resolve("daemon.sock").toString();
  }

  /** What has a command use it: {@code policy} is a value of INPUTFS_DAEMON. */
  static Map<String, String> environment(Workbench bench, String policy) {
    return Map.of("INPUTFS_SOCKET", socket(bench), "INPUTFS_DAEMON", policy);
  }

  /** Starts one that the test itself ends; returns when it listens. */
  static Child start(Workbench bench, String store, String... options) {
    List<String> command = new ArrayList<>(List.of("daemon", "--socket", socket(bench)));
    command.addAll(List.of("--cas", store, "--stop-timeout", "0"));
    command.addAll(List.of(options));
    Child daemon = bench.start(command);
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!daemon.out().contains("listening on")) {
      if (!daemon.isAlive() || System.nanoTime() > deadline) {
        throw new AssertionError("no daemon came: " + daemon.out() + daemon.err());
      }
      Workbench.pause();
    }
    return daemon;
  }

  /** Starts one that lives as long as the test, and then has to end well. */
  static void keep(Workbench bench, String store, String... options) {
    Child daemon = start(bench, store, options);
    bench.keep(
        () -> {
          daemon.signal("TERM");
          daemon.await(PATIENCE).ok();
        });
  }
}
