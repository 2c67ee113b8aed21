package build.inputfs.app.run;

import build.inputfs.cas.posix.Signals;

/** Says that a signal asked this program to end, so that what was begun is given up. */
public final class StoppedException extends RuntimeException {
  private final Signals signal;

  StoppedException(Signals signal) {
    super("stopped by SIG" + signal);
    this.signal = signal;
  }

  /** The code with which the program ends: 128 and the signal's number, as shells have it. */
  public int exitCode() {
    return 128 + signal.number();
  }
}
