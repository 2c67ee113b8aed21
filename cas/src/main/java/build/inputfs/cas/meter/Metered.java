package build.inputfs.cas.meter;

import java.util.function.Consumer;

/** A part of the program that counts what it does. */
@FunctionalInterface
public interface Metered {
  /**
   * Gives {@code to} all readings of this moment. May be called by any thread at any time, until
   * the part is closed; it takes no lock that others hold over I/O, and does none itself.
   */
  void meter(Consumer<Reading> to);
}
