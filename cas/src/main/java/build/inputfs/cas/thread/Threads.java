package build.inputfs.cas.thread;

/** Waits for threads. Stateless; for any thread. */
public final class Threads {
  private Threads() {}

  /** Waits until {@code thread} has ended. An interruption meanwhile is kept for later. */
  public static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
