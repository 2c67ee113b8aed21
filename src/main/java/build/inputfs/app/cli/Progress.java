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
  private final long expected;
  private @Nullable Thread painter;

  private Progress(PrintStream terminal, String doing, long expected) {
    this.terminal = terminal;
    this.doing = doing;
    this.expected = expected;
  }

  /**
   * Begins to show progress, if there is anybody to see it.
   *
   * @param doing what is being done, such as {@code importing}
   */
  static Progress start(Console console, String doing) {
    return start(console, doing, 0);
  }

  /**
   * The same where it is known how much there is to do.
   *
   * @param expected how many bytes there are in all
   */
  static Progress start(Console console, String doing, long expected) {
    Progress progress = new Progress(console.err(), doing, expected);
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
        String part = expected == 0 ? "" : Math.min(100, 100 * bytes.sum() / expected) + " %, ";
        terminal.printf(
            "%s%s: %s%,d files, %s", CLEAR_LINE, doing, part, files.sum(), Text.bytes(bytes.sum()));
        Thread.sleep(INTERVAL_MILLIS);
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
