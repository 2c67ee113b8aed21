package build.inputfs.cas.posix;

import java.util.function.Consumer;
import jnr.posix.util.SunMiscSignal;

/** The signals that ask a program to end. Signals belong to the process: one user at a time. */
public enum Signals {
  HUP(jnr.constants.platform.Signal.SIGHUP),
  INT(jnr.constants.platform.Signal.SIGINT),
  TERM(jnr.constants.platform.Signal.SIGTERM);

  private final jnr.constants.platform.Signal platform;

  Signals(jnr.constants.platform.Signal platform) {
    this.platform = platform;
  }

  /** Its number in signal(7). */
  public int number() {
    return platform.intValue();
  }

  /**
   * Has {@code handler} called for each of these signals that arrives from now on, each time on a
   * new thread of the JVM's own. A signal that the program was started with as ignored stays so.
   */
  public static void handleAll(Consumer<Signals> handler) {
    for (Signals signal : values()) {
      var _ = SunMiscSignal.signal(signal.platform, number -> handler.accept(signal));
    }
  }
}
