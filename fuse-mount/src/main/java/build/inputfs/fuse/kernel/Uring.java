package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.locks.LockSupport;

/**
 * An io_uring(7) for commands to FUSE, with one command in the kernel's hands at a time. Any thread
 * may make one; one thread uses it from then on, and closes it.
 */
final class Uring implements AutoCloseable {
  private static final int COMMAND = 46; // IORING_OP_URING_CMD
  private static final int SETUP_COOP_TASKRUN = 1 << 8;
  private static final int SETUP_SQE128 = 1 << 10;
  private static final int ENTER_GETEVENTS = 1;
  private static final long OFFSET_OF_COMMANDS = 0x10000000L;

  /** How long it waits where the kernel is short of memory. */
  private static final long PAUSE_NANOS = 1_000_000;

  /** Size of a {@code struct io_uring_sqe} with room for a command of FUSE. */
  private static final int COMMAND_BYTES = 128;

  private static final VarHandle INTS =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

  private final Posix posix;
  private final int fd;
  private final ByteBuffer ring;
  private final ByteBuffer command;
  private final long ringAddress;
  private final long commandAddress;
  private final int submittedTail;
  private final int doneHead;
  private final int doneTail;
  private final int doneMask;
  private final int done;

  /**
   * @param parameters what the kernel made of a struct io_uring_params
   */
  private Uring(Posix posix, int fd, ByteBuffer parameters) throws PosixException {
    this.posix = posix;
    this.fd = fd;
    submittedTail = parameters.getInt(44);
    doneHead = parameters.getInt(80);
    doneTail = parameters.getInt(84);
    done = parameters.getInt(100);
    int indexes = parameters.getInt(64);
    int length = Math.max(done + 16 * parameters.getInt(4), indexes + 4 * parameters.getInt(0));
    ringAddress = Posix.check(posix.mapShared(fd, length, 0), "mmap of an io_uring");
    ring = Posix.memory(ringAddress, length);
    long address = posix.mapShared(fd, COMMAND_BYTES, OFFSET_OF_COMMANDS);
    if (address < 0) {
      posix.unmap(ringAddress, length);
    }
    commandAddress = Posix.check(address, "mmap of an io_uring");
    command = Posix.memory(commandAddress, COMMAND_BYTES);
    doneMask = ring.getInt(parameters.getInt(88));
    ring.putInt(indexes, 0);
  }

  /**
   * Makes one.
   *
   * @throws PosixException where the kernel has none, or this process may not have one
   */
  static Uring open(Posix posix) throws PosixException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment parameters = arena.allocate(120, 8);
      ByteBuffer fields = parameters.asByteBuffer().order(ByteOrder.nativeOrder());
      fields.putInt(8, SETUP_SQE128 | SETUP_COOP_TASKRUN);
      int fd = Posix.check(posix.ioUringSetup(1, parameters.address()), "io_uring_setup");
      try {
        return new Uring(posix, fd, fields);
      } catch (PosixException e) {
        posix.close(fd);
        throw e;
      }
    }
  }

  /**
   * Gives a command to FUSE ({@code struct fuse_uring_cmd_req}) and waits until that has done it.
   *
   * @param device a descriptor of /dev/fuse
   * @param operation of {@code enum fuse_uring_cmd}
   * @param vectors address of {@code vectorCount} struct iovec
   * @return 0, or a negated errno
   */
  int execute(int device, int operation, long vectors, int vectorCount, long commitId, int queue) {
    command.put(0, (byte) COMMAND);
    command.putInt(4, device);
    command.putInt(8, operation);
    command.putLong(16, vectors);
    command.putInt(24, vectorCount);
    command.putLong(48, 0);
    command.putLong(56, commitId);
    command.putShort(64, (short) queue);
    INTS.setRelease(ring, submittedTail, ring.getInt(submittedTail) + 1);
    int submit = 1;
    int head = ring.getInt(doneHead);
    while (head == (int) INTS.getAcquire(ring, doneTail)) {
      int result = posix.ioUringEnter(fd, submit, 1, ENTER_GETEVENTS);
      if (result > 0) {
        submit = 0;
      } else if (result < 0 && !isPassing(result)) {
        return result;
      }
    }
    int outcome = ring.getInt(done + 16 * (head & doneMask) + 8);
    INTS.setRelease(ring, doneHead, head + 1);
    return outcome;
  }

  private static boolean isPassing(int result) {
    if (result == -Errnos.EAGAIN || result == -Errnos.ENOMEM || result == -Errnos.EBUSY) {
      LockSupport.parkNanos(PAUSE_NANOS);
      return true;
    }
    return result == -Errnos.EINTR;
  }

  /** Ends what the kernel has not yet done, too. */
  @Override
  public void close() {
    posix.unmap(commandAddress, COMMAND_BYTES);
    posix.unmap(ringAddress, ring.capacity());
    posix.close(fd);
  }
}
