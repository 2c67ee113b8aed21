package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * One thread's loop on the queue of one CPU: reply to a request and take the next, both in one
 * system call. The thread stays on that CPU, on which the callers are too, so that neither is woken
 * from afar. It owns its {@link RingEntry}; it ends with the mount, and not before.
 */
final class RingReader implements Runnable {
  private final FuseSession session;
  private final Posix posix;
  private final int queue;
  private final RingEntry entry;
  private final AtomicInteger busy;

  /**
   * @param queue the number of the queue and of its CPU
   * @param busy counts the readers that serve a request
   */
  RingReader(FuseSession session, Posix posix, int queue, RingEntry entry, AtomicInteger busy) {
    this.session = session;
    this.posix = posix;
    this.queue = queue;
    this.entry = entry;
    this.busy = busy;
  }

  @Override
  public void run() {
    try (entry) {
      // The CPU may be none of ours, or be off: then the reader is woken from afar.
      var _ = posix.stayOnCpu(queue);
      serve(entry.dispatcher(session.shared()));
    } catch (Throwable e) {
      FuseSession.log().error("A ring reader of {} ends early", session.mountPoint(), e);
    } finally {
      session.release();
    }
  }

  private void serve(Dispatcher dispatcher) {
    int device = session.device();
    int result = entry.register(device, queue);
    if (result < 0 && !isEnd(result)) {
      // The kernel goes on without rings.
      FuseSession.log().warn("No ring for {}: {}", session.mountPoint(), describe(result));
      return;
    }
    while (result == 0) {
      busy.incrementAndGet();
      int length = session.isClosing() ? dispatcher.refuse() : dispatcher.serve();
      busy.decrementAndGet();
      result = entry.exchange(device, queue, length);
    }
    if (!isEnd(result)) {
      FuseSession.log().error("A ring of {} failed: {}", session.mountPoint(), describe(result));
    }
  }

  /** Whether the mount is gone. */
  private static boolean isEnd(int result) {
    return result == -Errnos.ENOTCONN || result == -Errnos.ECONNABORTED;
  }

  private static String describe(int result) {
    return PosixException.describe(-result);
  }
}
