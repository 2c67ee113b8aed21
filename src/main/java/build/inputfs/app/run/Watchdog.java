package build.inputfs.app.run;

import build.inputfs.cas.posix.Signals;
import java.time.Duration;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends a command before it ends by itself: when its time is over, or when this program is asked to
 * end. It is asked first (SIGTERM, or the signal that came); it is killed after a grace period, or
 * when a second signal comes. Thread-safe.
 */
final class Watchdog implements AutoCloseable {
  private static final int SIGKILL = 9;

  private final ChildProcess command;
  private final Duration grace;
  private final boolean terminalSignals;
  private @Nullable ScheduledThreadPoolExecutor timer; // not there before something is to be timed
  private boolean closed;
  private boolean timedOut;
  private @Nullable Signals signal;

  /**
   * @param terminalSignals whether the terminal sends its signals to the command too
   */
  Watchdog(
      ChildProcess command, @Nullable Duration timeout, Duration grace, boolean terminalSignals) {
    this.command = command;
    this.grace = grace;
    this.terminalSignals = terminalSignals;
    if (timeout != null) {
      after(timeout, this::timeOut);
    }
  }

  /** A signal has come for this program. */
  synchronized void signal(Signals signal) {
    if (this.signal != null) {
      command.signal(SIGKILL);
      return;
    }
    this.signal = signal;
    if (signal != Signals.INT || !terminalSignals) {
      command.signal(signal.number());
    }
    killLater();
  }

  private synchronized void timeOut() {
    timedOut = true;
    endEarly();
  }

  /** Has the command end, as if somebody else had sent it a signal. */
  synchronized void endEarly() {
    if (!closed) {
      command.signal(Signals.TERM.number());
      killLater();
    }
  }

  private void killLater() {
    after(grace, () -> command.signal(SIGKILL));
  }

  private synchronized void after(Duration delay, Runnable task) {
    if (closed) {
      return;
    }
    ScheduledThreadPoolExecutor there = timer;
    if (there == null) {
      there =
          new ScheduledThreadPoolExecutor(
              1, Thread.ofPlatform().name("watchdog").daemon().factory());
      timer = there;
    }
    var _ = there.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** How the command has ended, which had this exit code. */
  synchronized CommandEnd end(int exitCode) {
    Signals stopped = signal;
    if (stopped != null) {
      return new CommandEnd.Stopped(stopped, exitCode);
    }
    return timedOut ? new CommandEnd.TimedOut() : new CommandEnd.Exited(exitCode);
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (timer != null) {
      var _ = timer.shutdownNow();
    }
  }
}
