package build.inputfs.cas.posix;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A connection to a Unix socket: unix(7).
 *
 * <p>Why not the JDK's: to open its first one takes longer than a short program runs, as it looks
 * for a source of random numbers.
 *
 * <p>One thread may read while another writes and a third shuts down. Whoever closes it sees that
 * nobody reads or writes any more.
 */
public final class LocalSocket implements AutoCloseable {
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM = 1;

  /** macOS has none: there programs are given the descriptors that are named alone. */
  private static final int SOCK_CLOEXEC = Host.pick(0x80000, 0);

  private static final int SOL_SOCKET = 1;
  private static final int SO_PEERCRED = 17;
  private static final int MSG_NOSIGNAL = Host.pick(0x4000, 0x80000);
  private static final int SHUT_RDWR = 2;

  /** sockaddr_un: the family, then the path with its NUL. */
  private static final int PATH_OFFSET = 2;

  private static final int PATH_MAX = Host.pick(108, 104);

  /** Where ucred has the user: after the process id. */
  private static final int UCRED_UID = 4;

  private static final int UCRED_SIZE = 12;

  private final CLibrary libc;
  private final int fd;

  private LocalSocket(CLibrary libc, int fd) {
    this.libc = libc;
    this.fd = fd;
  }

  /**
   * Has ready what connections need, so that the first takes no longer than others. It need not be
   * called; another thread may connect meanwhile.
   */
  public static void prepare() {
    CLibrary libc = new CLibrary();
    try (NativeMemory memory = new NativeMemory()) {
      var _ = memory.block(Integer.BYTES);
      var _ = libc.call("geteuid");
    }
  }

  /**
   * Connects.
   *
   * @throws PosixException with ENOENT or ECONNREFUSED when nobody listens there
   */
  public static LocalSocket connect(Path path) throws IOException {
    CLibrary libc = new CLibrary();
    byte[] name = path.toString().getBytes(StandardCharsets.UTF_8);
    if (name.length >= PATH_MAX) {
      throw new IOException("the path of a socket cannot be so long: " + path);
    }
    int fd = CLibrary.wrap(libc.call("socket", AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    LocalSocket socket = new LocalSocket(libc, CLibrary.check(fd, "socket"));
    try (NativeMemory memory = new NativeMemory()) {
      long address = memory.block(PATH_OFFSET + PATH_MAX);
      memory.putShort(address, family(PATH_OFFSET + PATH_MAX, Host.isMac()));
      memory.put(address + PATH_OFFSET, name, 0, name.length);
      int result = CLibrary.wrap(libc.call("connect", fd, address, PATH_OFFSET + PATH_MAX));
      CLibrary.check(result, "connect " + path);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
    return socket;
  }

  /** The first two bytes of an address; on macOS the first tells how long it is. */
  static short family(int length, boolean mac) {
    return (short) (mac ? AF_UNIX << Byte.SIZE | length : AF_UNIX);
  }

  /** This process's effective user. */
  public int ownUser() {
    return libc.call("geteuid");
  }

  /** The user of who listens, as it was then. */
  public int peerUser() throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      if (Host.isMac()) {
        long ids = memory.block(2 * Integer.BYTES);
        int result = libc.call("getpeereid", fd, ids, ids + Integer.BYTES);
        CLibrary.check(CLibrary.wrap(result), "getpeereid");
        return memory.getInt(ids);
      }
      long credentials = memory.block(UCRED_SIZE);
      long length = memory.block(Integer.BYTES);
      memory.putInt(length, UCRED_SIZE);
      int result = libc.call("getsockopt", fd, SOL_SOCKET, SO_PEERCRED, credentials, length);
      CLibrary.check(CLibrary.wrap(result), "getsockopt SO_PEERCRED");
      return memory.getInt(credentials + UCRED_UID);
    }
  }

  /** Reads what is there, at least one byte, or returns -1 when there will be no more. */
  public int read(byte[] buffer, int offset, int length) throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      long block = memory.block(length);
      int result;
      do {
        result = CLibrary.wrap(libc.call("recv", fd, block, length, 0));
      } while (result == -Errnos.EINTR);
      CLibrary.check(result, "recv");
      memory.get(block, buffer, offset, result);
      return result == 0 ? -1 : result;
    }
  }

  /** Writes all of it. */
  public void write(byte[] bytes) throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      long block = memory.string(bytes);
      int done = 0;
      while (done < bytes.length) {
        int result =
            CLibrary.wrap(libc.call("send", fd, block + done, bytes.length - done, MSG_NOSIGNAL));
        if (result != -Errnos.EINTR) {
          done += CLibrary.check(result, "send");
        }
      }
    }
  }

  /** Ends the connection; who reads sees its end. */
  public void shutdown() {
    var _ = libc.call("shutdown", fd, SHUT_RDWR);
  }

  @Override
  public void close() {
    var _ = libc.call("close", fd);
  }
}
