package build.inputfs.cas.posix;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/**
 * The service manager that started this process and wants to hear how it does, such as systemd with
 * {@code Type=notify}; or none. It speaks what sd_notify(3) describes. Thread-safe.
 */
public final class ServiceManager {
  /** The environment variable that names its socket. */
  public static final String VARIABLE = "NOTIFY_SOCKET";

  /** To be told when the service can be used. */
  public static final String READY = "READY=1";

  /** To be told when it begins to end. */
  public static final String STOPPING = "STOPPING=1";

  private static final short AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;

  /** sun_path of unix(7), after the family. */
  private static final int PATH_OFFSET = 2;

  private static final int LONGEST_PATH = 108;

  private final Posix posix;
  private final String address;

  /**
   * @param address the value of {@link #VARIABLE}; empty for none
   */
  public ServiceManager(Posix posix, String address) {
    this.posix = posix;
    this.address = address;
  }

  /**
   * Tells it something: assignments, a line each, as in {@code READY=1}.
   *
   * @throws IOException when it cannot be told; nothing is wrong with the service then
   */
  public void tell(String assignments) throws IOException {
    if (address.isEmpty()) {
      return;
    }
    byte[] path = address.getBytes(StandardCharsets.UTF_8);
    if ((path[0] != '/' && path[0] != '@') || path.length > LONGEST_PATH) {
      throw new IOException(VARIABLE + " is not the path of a socket: " + address);
    }
    if (path[0] == '@') {
      path[0] = 0; // in the abstract namespace
    }
    String what = "tell the service manager at " + address;
    int socket = Posix.check(posix.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), what);
    try (Arena arena = Arena.ofConfined()) {
      int length = PATH_OFFSET + path.length;
      MemorySegment to = arena.allocate(PATH_OFFSET + LONGEST_PATH, Short.BYTES);
      to.set(ValueLayout.JAVA_SHORT, 0, AF_UNIX);
      MemorySegment.copy(path, 0, to, ValueLayout.JAVA_BYTE, PATH_OFFSET, path.length);
      Posix.check(posix.connect(socket, to.address(), length), what);
      byte[] text = assignments.getBytes(StandardCharsets.UTF_8);
      MemorySegment message = arena.allocateFrom(ValueLayout.JAVA_BYTE, text);
      Posix.check(posix.write(socket, message.address(), text.length), what);
    } finally {
      posix.close(socket);
    }
  }
}
