package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.fuse.mount.MountException;
import com.kenai.jffi.CallContext;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.Library;
import com.kenai.jffi.MemoryIO;
import com.kenai.jffi.Type;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The functions of libfuse 2 (fuse.h, fuse_lowlevel.h and fuse_common.h of version 2.9) that this
 * transport calls. Addresses are native ones; 0 is none. Stateless but for the library, which stays
 * loaded: any thread may call any method.
 */
final class Libfuse {
  private static final CallContext SIX_LONGS = context(6);

  /** Of a request in the kernel's protocol: where its opcode is. */
  private static final int OPCODE = 4;

  /** The opcode of FUSE_LINK, and where that request has the number of the file's inode. */
  private static final int LINK = 13;

  private static final int LINKED = 40;

  /** As an offset: content is not meant. */
  private static final long ATTRIBUTES_ALONE = -1;

  private final String name;
  private final Library library;
  private final MemoryIO memory = MemoryIO.getInstance();
  private final Invoker invoker = Invoker.getInstance();
  private final long mount;
  private final long unmount;
  private final long create;
  private final long destroy;
  private final long session;
  private final long receive;
  private final long process;
  private final long bufferSize;
  private final long descriptor;
  private final long context;
  private final long version;
  private final long forget;

  private Libfuse(String name, Library library) throws MountException {
    this.name = name;
    this.library = library;
    mount = symbol("fuse_mount");
    unmount = symbol("fuse_unmount");
    create = newest("fuse_new", "FUSE_2.6");
    destroy = symbol("fuse_destroy");
    session = symbol("fuse_get_session");
    receive = symbol("fuse_chan_recv");
    process = symbol("fuse_session_process");
    bufferSize = symbol("fuse_chan_bufsize");
    descriptor = symbol("fuse_chan_fd");
    context = symbol("fuse_get_context");
    version = symbol("fuse_version");
    forget = library.getSymbolAddress("fuse_lowlevel_notify_inval_inode"); // 0 where it is not
  }

  /**
   * Loads the library.
   *
   * @param names file names or paths, tried in this order
   * @param advice what to install where there is none
   * @throws MountException when none can be loaded; the message names the package
   */
  static Libfuse load(List<String> names, String advice) throws MountException {
    for (String name : names) {
      Library found = Library.openLibrary(name, Library.LAZY | Library.LOCAL);
      if (found != null) {
        return new Libfuse(name, found);
      }
    }
    throw new MountException(
        "the jnr transport needs %s, which is not there (%s): %s"
            .formatted(names.getFirst(), Library.getLastError(), advice));
  }

  private long symbol(String name) throws MountException {
    long address = library.getSymbolAddress(name);
    if (address == 0) {
      throw new MountException("the library for FUSE lacks " + name + "; is it libfuse 2?");
    }
    return address;
  }

  /**
   * A function that the library also has in forms for programs of its first days, one of them
   * without a version, which dlsym(3) prefers. Where versions are unknown there is one form.
   */
  private long newest(String function, String release) throws MountException {
    long opener = Library.getDefault().getSymbolAddress("dlopen");
    long finder = Library.getDefault().getSymbolAddress("dlvsym");
    if (opener == 0 || finder == 0) {
      return symbol(function);
    }
    // It is open already, and stays so.
    long handle = withString(name, path -> call(opener, path, Library.LAZY));
    long found =
        withString(
            function, text -> withString(release, version -> call(finder, handle, text, version)));
    return found == 0 ? symbol(function) : found;
  }

  /** Options as the library takes them apart, {@code struct fuse_args}. Freed by its owner. */
  final class Arguments implements AutoCloseable {
    private final List<Long> blocks = new ArrayList<>();
    private final long address;

    Arguments(String... words) {
      long vector = block((words.length + 1L) * Long.BYTES);
      for (int i = 0; i < words.length; i++) {
        memory.putAddress(vector + (long) i * Long.BYTES, string(words[i]));
      }
      address = block(24);
      memory.putInt(address, words.length);
      memory.putAddress(address + 8, vector);
    }

    private long block(long bytes) {
      long made = memory.allocateMemory(bytes, true);
      blocks.add(made);
      return made;
    }

    private long string(String word) {
      byte[] bytes = word.getBytes(StandardCharsets.UTF_8);
      long made = block(bytes.length + 1L);
      memory.putByteArray(made, bytes, 0, bytes.length);
      return made;
    }

    /** The library's own copies, made when it takes options out, stay: they are a few bytes. */
    @Override
    public void close() {
      blocks.forEach(memory::freeMemory);
    }
  }

  /** {@code fuse_version}: 29 for 2.9. */
  int version() {
    return (int) call(version);
  }

  /** {@code fuse_mount}: the channel, or 0 where it failed; the library says why on stderr. */
  long mount(String mountPoint, Arguments arguments) {
    return withString(mountPoint, path -> call(mount, path, arguments.address));
  }

  /** {@code fuse_unmount}: gives the channel back, and unmounts what still is mounted. */
  void unmount(String mountPoint, long channel) {
    withString(mountPoint, path -> call(unmount, path, channel));
  }

  /** {@code fuse_new}: the filesystem, or 0; it takes a copy of the operations. */
  long create(long channel, Arguments arguments, long operations, long size) {
    return call(create, channel, arguments.address, operations, size, 0);
  }

  void destroy(long fuse) {
    call(destroy, fuse);
  }

  long session(long fuse) {
    return call(session, fuse);
  }

  /**
   * Takes requests and serves them, one after the other, with a buffer of its own. One for each
   * thread that does; several may at once.
   */
  final class Requests implements AutoCloseable {
    private final long session;
    private final long channel;
    private final long size;
    private final long buffer;
    private final long origin = memory.allocateMemory(Long.BYTES, true);
    private long length;

    Requests(long session, long channel) {
      this.session = session;
      this.channel = channel;
      size = call(bufferSize, channel);
      buffer = memory.allocateMemory(size, false);
    }

    /**
     * {@code fuse_chan_recv}: waits for a request.
     *
     * @return false when there will be no more
     */
    boolean receive() {
      do {
        memory.putAddress(origin, channel);
        length = (int) call(receive, origin, buffer, size);
      } while (length == -Errnos.EINTR);
      return length > 0;
    }

    /** {@code fuse_session_process}: serves what was received, by callbacks on this thread. */
    void serve() {
      call(process, session, buffer, length, memory.getAddress(origin));
    }

    /**
     * {@code fuse_lowlevel_notify_inval_inode}: while a request is served that gives a file another
     * name, has the kernel forget the attributes that it knows of it under the name that the
     * request came with.
     *
     * @return whether it has
     */
    boolean forgetLinked() {
      return forget != 0
          && memory.getInt(buffer + OPCODE) == LINK
          && (int) call(forget, channel, memory.getLong(buffer + LINKED), ATTRIBUTES_ALONE, 0) == 0;
    }

    @Override
    public void close() {
      memory.freeMemory(origin);
      memory.freeMemory(buffer);
    }
  }

  /** The channel's descriptor of the device. */
  int descriptor(long channel) {
    return (int) call(descriptor, channel);
  }

  /** Of the request that this thread serves the {@code struct fuse_context}. */
  long context() {
    return call(context);
  }

  /** A {@code fuse_fill_dir_t} of the library's: whether its buffer is full, or it failed. */
  boolean fill(long filler, long buffer, long name, long stat, long offset) {
    return (int) call(filler, buffer, name, stat, offset) != 0;
  }

  private interface StringCall {
    long call(long string);
  }

  private long withString(String text, StringCall function) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    long address = memory.allocateMemory(bytes.length + 1L, true);
    try {
      memory.putByteArray(address, bytes, 0, bytes.length);
      return function.call(address);
    } finally {
      memory.freeMemory(address);
    }
  }

  /** All take integers and addresses; registers beyond its own parameters a function ignores. */
  private long call(long function, long... arguments) {
    long[] six = Arrays.copyOf(arguments, 6);
    return invoker.invokeN6(SIX_LONGS, function, six[0], six[1], six[2], six[3], six[4], six[5]);
  }

  private static CallContext context(int parameters) {
    Type[] types = new Type[parameters];
    Arrays.fill(types, Type.SLONG_LONG);
    return new CallContext(Type.SLONG_LONG, types);
  }
}
