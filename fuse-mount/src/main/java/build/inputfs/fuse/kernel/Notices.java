package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;

/**
 * Messages that the kernel did not ask for. It may not know the node any more: then a message means
 * nothing, and that it fails is no fault. Only threads that count as a reader of the session may
 * send one, for they know that the descriptor is open.
 */
final class Notices {
  private final Posix posix;
  private final int device;

  /**
   * @param device the session's own descriptor of /dev/fuse
   */
  Notices(Posix posix, int device) {
    this.posix = posix;
    this.device = device;
  }

  /** The attributes of a node changed without the kernel's doing. */
  void forgetAttributes(long number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(64, 8);
      Reply reply = new Reply(message.asByteBuffer().order(ByteOrder.nativeOrder()));
      posix.write(device, message.address(), reply.forgetAttributes(number));
    }
  }

  /** What the kernel keeps of a file's content is wrong. */
  void forgetContent(long number) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(64, 8);
      Reply reply = new Reply(message.asByteBuffer().order(ByteOrder.nativeOrder()));
      posix.write(device, message.address(), reply.forgetContent(number));
    }
  }

  /** A name is no longer in its directory. */
  void forgetName(long parent, byte[] name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(Reply.FORGET_NAME + name.length, 8);
      Reply reply = new Reply(message.asByteBuffer().order(ByteOrder.nativeOrder()));
      posix.write(device, message.address(), reply.forgetName(parent, name));
    }
  }
}
