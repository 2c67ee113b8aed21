package build.inputfs.app.cli;

import build.inputfs.cas.thread.Threads;
import java.io.PrintStream;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A line on a terminal that says how many files were done by now, rewritten a few times a second by
 * a thread of its own; without a terminal it is silent. Counting is for any thread.
 */
final class Progress implements AutoCloseable {
  private static final long INTERVAL_MILLIS = 200;
  private static final String CLEAR_LINE = "\r\033[K";

  private final LongAdder files = new LongAdder();
  private final LongAdder bytes = new LongAdder();
  private final PrintStream terminal;
  private final String doing;
  private @Nullable Thread painter;

  private Progress(PrintStream terminal, String doing) {
    this.terminal = terminal;
    this.doing = doing;
  }

  /**
   * Begins to show progress, if there is anybody to see it.
   *
   * @param doing what is being done, such as {@code importing}
   */
  static Progress start(Console console, String doing) {
    Progress progress = new Progress(console.err(), doing);
    if (Console.isTerminal()) {
      progress.painter = Thread.ofPlatform().name("progress").daemon().start(progress::paint);
    }
    return progress;
  }

  /** A file of so many bytes is done. */
  void fileDone(long size) {
    files.increment();
    bytes.add(size);
  }

  private void paint() {
    try {
      while (true) {
        Thread.sleep(INTERVAL_MILLIS);
        terminal.printf(
            "%s%s: %,d files, %s", CLEAR_LINE, doing, files.sum(), Text.bytes(bytes.sum()));
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
      Threads.join(thread);
    }
  }
}
