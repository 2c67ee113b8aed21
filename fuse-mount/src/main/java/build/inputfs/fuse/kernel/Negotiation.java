package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.fuse.mount.MountException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * What this transport and the kernel agreed on in INIT, the first request of a session: the lower
 * of the two minor versions, and of the features that are wanted those that the kernel offers.
 *
 * @param minor the protocol is 7.minor
 * @param flags the features, as in {@link Protocol}
 */
record Negotiation(int minor, long flags) {
  private static final int START_LIMIT_MILLIS = 20_000;
  private static final short POLLIN = 1;

  /** Whether the kernel will use backing files. */
  boolean passthrough() {
    return (flags & Protocol.PASSTHROUGH) != 0;
  }

  /** Whether the kernel waits for rings, and serves nobody before it has them all. */
  boolean ring() {
    return (flags & Protocol.OVER_IO_URING) != 0;
  }

  /**
   * Takes and answers INIT. Once this returns the kernel lets processes use the mount.
   *
   * @param device the descriptor of /dev/fuse that was mounted
   * @throws MountException when the kernel is too old or does not ask
   */
  static Negotiation perform(Posix posix, int device, MountOptions options) throws MountException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment in = arena.allocate(Protocol.HEADROOM, 8);
      MemorySegment out = arena.allocate(128, 8);
      Request request = new Request(in.asByteBuffer().order(ByteOrder.nativeOrder()));
      Reply reply = new Reply(out.asByteBuffer().order(ByteOrder.nativeOrder()));
      while (true) {
        awaitRequest(posix, arena, device);
        check(posix.read(device, in.address(), in.byteSize()), "reading from /dev/fuse");
        if (request.opcode() != Opcode.INIT) {
          throw new MountException("the kernel began with " + request.opcode() + ", not INIT");
        }
        int major = request.initMajor();
        int minor = Math.min(request.initMinor(), Protocol.MINOR);
        long flags = request.initFlags() & wanted(options, posix.geteuid() == 0);
        boolean tooOld =
            major < Protocol.MAJOR || (major == Protocol.MAJOR && minor < Protocol.OLDEST_MINOR);
        int length =
            tooOld
                ? reply.error(request.unique(), Errnos.EPROTO)
                : reply.init(
                    request.unique(),
                    minor,
                    request.initMaxReadahead(),
                    flags,
                    Math.max(1, Protocol.MAX_DATA / posix.getpagesize()),
                    (flags & Protocol.PASSTHROUGH) != 0 ? 1 : 0);
        check(posix.write(device, out.address(), length), "answering on /dev/fuse");
        if (tooOld) {
          throw new MountException(
              "this kernel speaks FUSE %d.%d, but 7.%d (Linux 5.4) or newer is needed"
                  .formatted(major, minor, Protocol.OLDEST_MINOR));
        }
        if (major == Protocol.MAJOR) {
          return new Negotiation(minor, flags);
        }
        // A newer kernel: it saw our major version in the reply and asks again with that one.
      }
    }
  }

  private static void awaitRequest(Posix posix, Arena arena, int device) throws MountException {
    MemorySegment poll = arena.allocate(8, 4); // struct pollfd
    poll.asByteBuffer().order(ByteOrder.nativeOrder()).putInt(0, device).putShort(4, POLLIN);
    int ready;
    do {
      ready = posix.poll(poll.address(), 1, START_LIMIT_MILLIS);
    } while (ready == -Errnos.EINTR);
    check(ready, "waiting for /dev/fuse");
    if (ready == 0) {
      throw new MountException(
          "the kernel did not speak to the mount within " + START_LIMIT_MILLIS / 1000 + " s");
    }
  }

  private static void check(long result, String what) throws MountException {
    if (result < 0) {
      throw new MountException(what + ": " + PosixException.describe((int) -result));
    }
  }

  /**
   * The features to ask for. Not among them: locks, for the kernel's own serve all processes of
   * this machine; and the handling of set-user-id bits, for only the kernel sees every write when
   * it writes to backing files itself.
   */
  private static long wanted(MountOptions options, boolean privileged) {
    long flags =
        Protocol.ASYNC_READ
            | Protocol.ATOMIC_O_TRUNC
            | Protocol.BIG_WRITES
            | Protocol.DO_READDIRPLUS
            | Protocol.READDIRPLUS_AUTO
            | Protocol.ASYNC_DIO
            | Protocol.PARALLEL_DIROPS
            | Protocol.MAX_PAGES
            | Protocol.NO_OPENDIR_SUPPORT
            | Protocol.INIT_EXT
            | Protocol.DIRECT_IO_ALLOW_MMAP;
    if (options.caching().symlinks()) {
      flags |= Protocol.CACHE_SYMLINKS;
    }
    if (options.ring()) {
      flags |= Protocol.OVER_IO_URING;
    }
    if (options.passthrough() && privileged) {
      flags |= Protocol.PASSTHROUGH;
    }
    return flags;
  }
}
