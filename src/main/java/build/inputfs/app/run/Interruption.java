package build.inputfs.app.run;

import build.inputfs.cas.posix.Signals;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The wish from outside that this program end, and whoever is to hear of it.
 *
 * <p>{@link #signal} may be called from any thread at any time. All else is for the one thread that
 * does the program's work: between two steps it asks {@link #check}; a step that takes long either
 * hears of signals itself ({@link #forwardTo}) or is done {@link #interruptibly}.
 */
public final class Interruption {
  private final List<Signals> arrived = new ArrayList<>();
  private @Nullable Consumer<Signals> receiver;

  /** What may be interrupted. */
  @FunctionalInterface
  public interface Work<T extends @Nullable Object> {
    T run() throws IOException;
  }

  /** While it is open, signals are forwarded. */
  public interface Forwarding extends AutoCloseable {
    @Override
    void close();
  }

  /** By this program's own signals, from now on. */
  public static Interruption ofSignals() {
    Interruption interruption = new Interruption();
    Signals.handleAll(interruption::signal);
    return interruption;
  }

  /** A signal has arrived. */
  public synchronized void signal(Signals signal) {
    arrived.add(signal);
    if (receiver != null) {
      receiver.accept(signal);
    }
  }

  /** The first signal that has arrived, or null. */
  public synchronized @Nullable Signals received() {
    return arrived.isEmpty() ? null : arrived.getFirst();
  }

  /**
   * Gives up when a signal has arrived.
   *
   * @throws StoppedException when one has
   */
  public void check() {
    Signals signal = received();
    if (signal != null) {
      throw new StoppedException(signal);
    }
  }

  /**
   * Hands every signal to {@code receiver}, those that have arrived before included, until the
   * result is closed. It is called on the signal's thread or on this one, one call at a time, and
   * must not block.
   */
  public synchronized Forwarding forwardTo(Consumer<Signals> receiver) {
    this.receiver = receiver;
    arrived.forEach(receiver);
    return this::stopForwarding;
  }

  /**
   * Does something that gives up when its thread is interrupted, which a signal does.
   *
   * @throws StoppedException when a signal has arrived by the time it ends, well or not
   */
  public <T extends @Nullable Object> T interruptibly(Work<T> work) throws IOException {
    Thread worker = Thread.currentThread();
    T result;
    try (Forwarding _ = forwardTo(_ -> worker.interrupt())) {
      result = work.run();
    } catch (IOException | RuntimeException e) {
      Signals signal = received();
      if (signal == null) {
        throw e;
      }
      StoppedException stopped = new StoppedException(signal);
      stopped.addSuppressed(e);
      throw stopped;
    } finally {
      Thread.interrupted();
    }
    check();
    return result;
  }

  private synchronized void stopForwarding() {
    receiver = null;
  }
}
