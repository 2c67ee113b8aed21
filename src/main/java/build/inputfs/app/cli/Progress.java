package build.inputfs.app.cli;

import java.io.PrintStream;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A line on a terminal that says how many files were imported by now, rewritten a few times a
 * second by a thread of its own; without a terminal it is silent. Counting is for any thread.
 */
final class Progress implements AutoCloseable {
  private static final long INTERVAL_MILLIS = 200;
  private static final String CLEAR_LINE = "\r\033[K";

  private final LongAdder files = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final PrintStream terminal;
  private @Nullable Thread painter;

  private Progress(PrintStream terminal) {
    this.terminal = terminal;
  }

  /** Begins to show progress, if there is anybody to see it. */
  static Progress start(Console console) {
    Progress progress = new Progress(console.err());
    if (Console.isTerminal()) {
      progress.painter = Thread.ofPlatform().name("progress").daemon().start(progress::paint);
    }
    return progress;
  }

  /** A file of so many bytes is done. */
  void fileImported(long size) {
    files.increment();
    bytes.add(size);
  }

  private void paint() {
    try {
      while (true) {
        Thread.sleep(INTERVAL_MILLIS);
        terminal.printf(
            "%simporting: %,d files, %s", CLEAR_LINE, files.sum(), Text.bytes(bytes.sum()));
      }
    } catch (InterruptedException e) {
      terminal.print(CLEAR_LINE);
    }
  }

  @Override
  public void close() {
    Thread thread = painter;
    if (thread != null) {
      thread.interrupt();
      boolean interrupted = Thread.interrupted();
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
