package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.OpenFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The files that the kernel reads and writes by itself (FUSE passthrough). The kernel names each by
 * a backing id, made from a descriptor that is closed again at once.
 *
 * <p>The kernel's rules, which it enforces with EIO: while a node is open with an id, every further
 * open of it must use the same id; and opens with an id and opens through the page cache exclude
 * each other. So a node has at most one id in use, counted by its opens, and once it is open
 * without an id it stays so until its last close. Nodes go by their numbers in the kernel here: see
 * {@link Successors}. An id of an input outlives its last close, since its content never changes,
 * until the node is forgotten or {@link #MAX_IDLE} others came after it.
 *
 * <p>Any thread may call any method. The lock covers the tables only, never a system call: two
 * threads that open a node for the first time at once both make an id, and the second gives its own
 * back.
 */
final class Backings {
  /** What {@link #open} gives when the node is to be read and written through this server. */
  static final int NONE = 0;

  /** What {@link #open} gives when the node is in use with an id of another content. */
  static final int CONFLICT = Integer.MIN_VALUE;

  private static final int MAKE = Integer.MIN_VALUE + 1;

  /** How many ids that nobody uses are kept. Each holds a file open in the kernel. */
  private static final int MAX_IDLE = 1000;

  /** A node that is open or has an id. Guarded by the lock of {@link Backings}. */
  private static final class Node {
    /** 0 for one that is open without an id. */
    final int id;

    final long content;
    final boolean immutable;
    int opens = 1;

    Node(int id, OpenFile file) {
      this.id = id;
      this.content = file.content;
      this.immutable = file.immutable;
    }
  }

  private final Posix posix;
  private final FileSystem fs;
  private final int device;
  private final Map<Long, Node> nodes = new HashMap<>();

  /** Those of {@link #nodes} that are not open, the longest unused first. */
  private final LinkedHashMap<Long, Node> idle = new LinkedHashMap<>();

  private volatile boolean refused;
  private volatile boolean used;

  /**
   * @param device the session's own descriptor of /dev/fuse
   */
  Backings(Posix posix, FileSystem fs, int device) {
    this.posix = posix;
    this.fs = fs;
    this.device = device;
  }

  /** Whether any file was ever given to the kernel, so that its page cache may be out of date. */
  boolean used() {
    return used;
  }

  /** Whether the kernel was asked and refused. */
  boolean refused() {
    return refused;
  }

  /**
   * The id for an open that the filesystem has already agreed to.
   *
   * @param number the node's number in the kernel
   * @param node its number in the filesystem
   * @return a positive id or {@link #NONE}, either to be given back by {@link #release}; else
   *     {@link #CONFLICT}, or the negated ordinal of the status with which the filesystem refused
   *     its descriptor
   */
  int open(long number, long node, int flags, OpenFile file) {
    // No descriptor of an input is ever to be opened for writing, whatever a filesystem says.
    boolean forbidden =
        file.served
            || file.arriving
            || (file.immutable && (flags & Posix.O_ACCMODE) != Posix.O_RDONLY);
    int result;
    synchronized (this) {
      result = join(number, file, forbidden);
    }
    if (result != MAKE) {
      return result;
    }
    int made = forbidden || refused ? NONE : makeId(node, flags);
    if (made < 0) {
      return made;
    }
    int surplus = made;
    synchronized (this) {
      result = join(number, file, forbidden);
      if (result == MAKE) {
        surplus = drop(number);
        nodes.put(number, new Node(made, file));
        result = made;
      }
    }
    closeId(surplus);
    return result;
  }

  /** Adds an open to what is there, or tells why not. */
  private int join(long number, OpenFile file, boolean forbidden) {
    Node state = nodes.get(number);
    if (state == null) {
      return MAKE;
    }
    boolean same = state.content == file.content && !forbidden;
    if (state.opens == 0 && !same) {
      return MAKE;
    }
    if (state.id != 0 && !same) {
      return CONFLICT;
    }
    if (state.opens++ == 0) {
      idle.remove(number);
    }
    return state.id;
  }

  /** The end of an open that {@link #open} gave an id or {@link #NONE}. */
  void release(long number) {
    int unused = 0;
    synchronized (this) {
      Node state = nodes.get(number);
      if (state == null || state.opens == 0) {
        throw new IllegalStateException("node " + number + " is released more often than opened");
      }
      if (--state.opens > 0) {
        return;
      }
      if (state.id == 0 || !state.immutable) {
        unused = drop(number);
      } else {
        idle.put(number, state);
        if (idle.size() > MAX_IDLE) {
          unused = drop(idle.firstEntry().getKey());
        }
      }
    }
    closeId(unused);
  }

  /** The kernel may know this number no more: an id that nobody uses goes. */
  void forget(long number) {
    int unused = 0;
    synchronized (this) {
      if (idle.containsKey(number)) {
        unused = drop(number);
      }
    }
    closeId(unused);
  }

  /** Takes a node that is not open out of the tables, and gives its id, or 0, to be closed. */
  private int drop(long number) {
    @Nullable Node state = nodes.remove(number);
    idle.remove(number);
    return state == null ? 0 : state.id;
  }

  private int makeId(long node, int flags) {
    int fd = fs.backingDescriptor(node, flags);
    if (fd < 0) {
      return fd;
    }
    int result;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment map = arena.allocate(16, 8); // struct fuse_backing_map
      map.asByteBuffer().order(ByteOrder.nativeOrder()).putInt(0, fd);
      result = posix.ioctl(device, Protocol.IOC_BACKING_OPEN, map.address());
    } finally {
      posix.close(fd);
    }
    if (result > 0) {
      used = true;
      return result;
    }
    if (result != -Errnos.ENOMEM && !refused) {
      refused = true;
      FuseSession.log().info("Files go through the page cache: {}", explain(-result));
    }
    return NONE;
  }

  private static String explain(int errno) {
    if (errno == Errnos.ELOOP) {
      return "the kernel takes no backing file that is on an overlay or another stacked filesystem";
    }
    if (errno == Errnos.EPERM) {
      return "the kernel takes backing files from processes with CAP_SYS_ADMIN alone";
    }
    return "the kernel refuses backing files: " + PosixException.describe(errno);
  }

  private void closeId(int id) {
    if (id == 0) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment argument = arena.allocate(4, 4);
      argument.asByteBuffer().order(ByteOrder.nativeOrder()).putInt(0, id);
      posix.ioctl(device, Protocol.IOC_BACKING_CLOSE, argument.address());
    }
  }
}
