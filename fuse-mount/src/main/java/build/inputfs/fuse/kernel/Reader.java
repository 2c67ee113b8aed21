package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;

/**
 * One thread's loop: take a request from the device, serve it, write the reply on the descriptor
 * that the request came from. It owns its buffers and its descriptor, and gives both back when it
 * ends. It is never interrupted; it ends when the mount does, or when the session has it retire.
 */
final class Reader implements Runnable {
  /**
   * Of each of the two buffers, in bytes. Most requests and replies touch a page of it, and memory
   * is taken for that alone: readers that wait for a fetch may be many.
   */
  private static final int SIZE = Protocol.MAX_DATA + Protocol.HEADROOM;

  private final FuseSession session;
  private final Posix posix;

  Reader(FuseSession session, Posix posix) {
    this.session = session;
    this.posix = posix;
  }

  @Override
  public void run() {
    int fd = session.cloneDevice();
    long buffers = posix.map(2L * SIZE);
    try {
      Posix.check(buffers, "mmap of a reader's buffers");
      serve(buffers, fd);
    } catch (Throwable e) {
      FuseSession.log().error("A reader of {} ends early", session.mountPoint(), e);
    } finally {
      if (buffers > 0) {
        var _ = posix.unmap(buffers, 2L * SIZE);
      }
      session.returnDevice(fd);
      session.readerEnded();
      session.release();
    }
  }

  private void serve(long inAddress, int fd) {
    long outAddress = inAddress + SIZE;
    Dispatcher dispatcher =
        new Dispatcher(
            session.shared(),
            Posix.memory(inAddress, SIZE),
            inAddress,
            Posix.memory(outAddress, SIZE),
            outAddress);
    session.readerIdle();
    do {
      long count = posix.read(fd, inAddress, SIZE);
      boolean welcome = session.readerWoken(count > 0);
      int length = 0;
      if (count > 0) {
        length = welcome ? dispatcher.serve() : dispatcher.refuse();
      }
      session.readerIdle();
      if (length > 0) {
        checkWritten(posix.write(fd, outAddress, length));
      }
      if (count < 0 && !goesOn(count)) {
        session.readerWoken(false);
        return;
      }
    } while (!session.mayRetire());
  }

  /** ENOENT: the caller was interrupted. ENODEV: the mount is gone, which the next read tells. */
  private void checkWritten(long result) {
    if (result < 0 && result != -Errnos.ENOENT && result != -Errnos.ENODEV) {
      FuseSession.log().error("A reply was refused: {}", describe(result));
    }
  }

  private boolean goesOn(long result) {
    if (result == -Errnos.EINTR || result == -Errnos.EAGAIN || result == -Errnos.ENOENT) {
      return true;
    }
    if (result != -Errnos.ENODEV) {
      FuseSession.log().error("Reading from /dev/fuse failed: {}", describe(result));
    }
    return false;
  }

  private static String describe(long result) {
    return build.inputfs.cas.posix.PosixException.describe((int) -result);
  }
}
