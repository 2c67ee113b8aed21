package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.posix.Processes;
import build.inputfs.fuse.mount.MountException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Mounts and unmounts for users other than root, by the set-user-id program {@code fusermount3}:
 * see fusermount3(1). It opens /dev/fuse, mounts it, and sends the descriptor over the socket that
 * the environment variable {@code _FUSE_COMMFD} names.
 */
final class Fusermount {
  private static final String PROGRAM = "fusermount3";
  private static final int AF_UNIX = 1;
  private static final int SOCK_STREAM_CLOEXEC = 1 | 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CMSG_CLOEXEC = 0x40000000;
  private static final int SIGKILL = 9;
  private static final short POLLIN = 1;
  private static final int LIMIT_MILLIS = 20_000;

  private final Posix posix;
  private final Processes processes;

  Fusermount(Posix posix, Processes processes) {
    this.posix = posix;
    this.processes = processes;
  }

  /** Mounts on {@code path} and gives the descriptor of /dev/fuse. */
  int mount(Path path, MountOptions options) throws MountException {
    StringBuilder words =
        new StringBuilder("nosuid,nodev,subtype=inputfs,default_permissions,fsname=")
            .append(options.source().replace("\\", "\\\\").replace(",", "\\,"))
            .append(options.readOnly() ? ",ro" : ",rw");
    if (options.noAtime()) {
      words.append(",noatime");
    }
    if (options.allowOther() && allowOtherPermitted()) {
      words.append(",allow_other");
    }
    int[] sockets = new int[2];
    check(posix.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC, 0, sockets), "making a socket failed");
    int ours = sockets[0];
    int theirs = sockets[1];
    try {
      Child child = start(theirs, "-o", words.toString(), "--", path.toString());
      posix.close(theirs);
      theirs = -1;
      int device = receiveDescriptor(ours);
      String complaint = child.await();
      if (complaint == null && device >= 0) {
        return device;
      }
      if (device >= 0) {
        posix.close(device);
      }
      throw new MountException(explain(complaint == null ? "it sent no descriptor" : complaint));
    } finally {
      posix.close(ours);
      if (theirs >= 0) {
        posix.close(theirs);
      }
    }
  }

  /**
   * @param lazily whether a mount that is in use is removed too
   */
  void unmount(Path path, boolean lazily) throws MountException {
    Child child =
        lazily
            ? start(-1, "-u", "-z", "--", path.toString())
            : start(-1, "-u", "--", path.toString());
    String complaint = child.await();
    if (complaint != null) {
      throw new MountException("cannot unmount " + path + ": " + complaint);
    }
  }

  /** A running fusermount3. */
  private final class Child {
    private final int pid;
    private final int errors;

    Child(int pid, int errors) {
      this.pid = pid;
      this.errors = errors;
    }

    /** Waits for its end, and gives null or what it complained of. */
    @Nullable String await() {
      String said = readErrors().strip();
      int[] status = new int[1];
      int result;
      do {
        result = posix.waitpid(pid, status, 0);
      } while (result == -Errnos.EINTR);
      // Where this process collects all its children, another thread may know how this one ended.
      boolean failed = result == pid ? status[0] != 0 : !said.isEmpty();
      if (!failed) {
        return null;
      }
      return said.isEmpty() ? "fusermount3 ended with wait status " + status[0] : said;
    }

    private String readErrors() {
      StringBuilder said = new StringBuilder();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(4096);
        while (readable(arena, errors)) {
          long count = posix.read(errors, buffer.address(), buffer.byteSize());
          if (count <= 0 && count != -Errnos.EINTR) {
            return said.toString();
          }
          byte[] bytes = buffer.asSlice(0, Math.max(0, count)).toArray(ValueLayout.JAVA_BYTE);
          said.append(new String(bytes, StandardCharsets.UTF_8));
        }
        posix.kill(pid, SIGKILL);
        return "fusermount3 did not end within " + LIMIT_MILLIS / 1000 + " s";
      } finally {
        posix.close(errors);
      }
    }
  }

  private Child start(int socket, String... arguments) throws MountException {
    String program = find(PROGRAM);
    if (program == null) {
      throw new MountException(missing(PROGRAM));
    }
    List<String> argv = new ArrayList<>(List.of(program));
    argv.addAll(List.of(arguments));
    Map<String, String> environment = new TreeMap<>(System.getenv());
    environment.put("_FUSE_COMMFD", "0");
    environment.put("LC_ALL", "C");
    int[] pipe = new int[2];
    check(posix.pipe(pipe), "making a pipe failed");
    List<Processes.Redirect> redirects = new ArrayList<>();
    redirects.add(new Processes.Redirect.Like(2, pipe[1]));
    if (socket >= 0) {
      redirects.add(new Processes.Redirect.Like(0, socket));
    }
    int pid =
        processes.spawn(
            new Processes.Program(
                program,
                argv,
                environment.entrySet().stream()
                    .map(e -> (e.getKey() + "=" + e.getValue()).getBytes(StandardCharsets.UTF_8))
                    .toList(),
                Path.of("/"),
                redirects));
    posix.close(pipe[1]);
    if (pid < 0) {
      posix.close(pipe[0]);
      throw new MountException("starting " + program + " failed: " + PosixException.describe(-pid));
    }
    return new Child(pid, pipe[0]);
  }

  /** A program in PATH, or null. */
  static @Nullable String find(String name) {
    String path = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");
    for (String folder : path.split(":", -1)) {
      Path program = Path.of(folder.isEmpty() ? "." : folder, name);
      if (Files.isExecutable(program)) {
        return program.toString();
      }
    }
    return null;
  }

  /** What is said where a program is not in PATH that mounts for users other than root. */
  static String missing(String name) {
    return "only root may mount without %s, which is not installed: install the package fuse3"
        .formatted(name);
  }

  private boolean readable(Arena arena, int fd) {
    MemorySegment poll = arena.allocate(8, 4); // struct pollfd
    poll.set(ValueLayout.JAVA_INT, 0, fd);
    poll.set(ValueLayout.JAVA_SHORT, 4, POLLIN);
    int ready;
    do {
      ready = posix.poll(poll.address(), 1, LIMIT_MILLIS);
    } while (ready == -Errnos.EINTR);
    return ready > 0;
  }

  /** One byte comes with the descriptor as ancillary data: cmsg(3). Gives -1 where none came. */
  private int receiveDescriptor(int socket) {
    try (Arena arena = Arena.ofConfined()) {
      if (!readable(arena, socket)) {
        return -1;
      }
      MemorySegment data = arena.allocate(1);
      MemorySegment control = arena.allocate(24, 8); // one struct cmsghdr with one int
      MemorySegment vector = arena.allocate(16, 8); // struct iovec
      vector.set(ValueLayout.JAVA_LONG, 0, data.address());
      vector.set(ValueLayout.JAVA_LONG, 8, 1);
      MemorySegment message = arena.allocate(56, 8); // struct msghdr
      message.set(ValueLayout.JAVA_LONG, 16, vector.address());
      message.set(ValueLayout.JAVA_LONG, 24, 1);
      message.set(ValueLayout.JAVA_LONG, 32, control.address());
      message.set(ValueLayout.JAVA_LONG, 40, control.byteSize());
      long count;
      do {
        count = posix.recvmsg(socket, message.address(), MSG_CMSG_CLOEXEC);
      } while (count == -Errnos.EINTR);
      boolean sent =
          count == 1
              && message.get(ValueLayout.JAVA_LONG, 40) >= 20
              && control.get(ValueLayout.JAVA_INT, 8) == SOL_SOCKET
              && control.get(ValueLayout.JAVA_INT, 12) == SCM_RIGHTS;
      return sent ? control.get(ValueLayout.JAVA_INT, 16) : -1;
    }
  }

  private static String explain(String complaint) {
    String advice = "";
    if (complaint.contains("/dev/fuse") && complaint.contains("ermission denied")) {
      advice = "; make the device accessible to you (`chmod 0666 /dev/fuse` as root)";
    } else if (complaint.contains("/dev/fuse")) {
      advice = "; " + Mounter.deviceProblem(Errnos.ENOENT);
    } else if (complaint.contains("Operation not permitted")) {
      advice = "; is fusermount3 set-user-id root? (`chmod u+s $(command -v fusermount3)` as root)";
    }
    return complaint.replace('\n', ' ') + advice;
  }

  /** Whether {@code /etc/fuse.conf} lets users admit others. */
  private static boolean allowOtherPermitted() {
    try (Stream<String> lines = Files.lines(Path.of("/etc/fuse.conf"))) {
      return lines.anyMatch(line -> line.strip().equals("user_allow_other"));
    } catch (IOException | java.io.UncheckedIOException e) {
      return false;
    }
  }

  private static void check(int result, String what) throws MountException {
    if (result < 0) {
      throw new MountException(what + ": " + PosixException.describe(-result));
    }
  }
}
