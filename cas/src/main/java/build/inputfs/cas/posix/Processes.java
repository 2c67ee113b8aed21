package build.inputfs.cas.posix;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * The native calls that start, await and end child processes.
 *
 * <p>Why not the JDK's: it looks commands up in its own PATH, cannot send one stream where another
 * goes, encodes by the locale, and tells errors apart only in prose.
 *
 * <p>Stateless: any thread may call any method at any time. A thread that starts a process waits,
 * in native code, until the child has executed its program; so the child's working directory and
 * program may be on a mount that other threads of this process serve.
 */
public final class Processes {
  private static final int PR_SET_CHILD_SUBREAPER = 36;
  private static final int P_ALL = 0;
  private static final int P_PID = 1;
  private static final int WNOHANG = 1;
  private static final int WEXITED = 4;
  private static final int WNOWAIT = Host.pick(0x01000000, 0x20);

  /** More than any structure takes that is passed: posix_spawnattr_t has 336 bytes. */
  private static final int STRUCT = 512;

  /** Where si_pid is in siginfo_t: sigaction(2) of a 64-bit Linux, sys/signal.h of macOS. */
  private static final int SI_PID = Host.pick(16, 12);

  private static final int POSIX_SPAWN_SETSIGMASK = 8;

  /** Of macOS: the child has those descriptors alone that it is given. */
  private static final int POSIX_SPAWN_CLOEXEC_DEFAULT = 0x4000;

  /** capget(2): the version of its structures, which hold two times 32 capabilities in each set. */
  private static final int CAPABILITY_VERSION_3 = 0x20080522;

  /** The number of close_range(2), the same on all machines. */
  private static final long CLOSE_RANGE = 436;

  private static final long CLOSE_RANGE_CLOEXEC = 4;

  private static final int[] INHERITABLE_WORDS = {2, 5};

  private final CLibrary libc;

  private Processes(CLibrary libc) {
    this.libc = libc;
  }

  /** Binds the calls: make one and hand it on. */
  public static Processes load() {
    return new Processes(new CLibrary());
  }

  /** A descriptor of a child that is not simply this process's own standard stream. */
  public sealed interface Redirect {
    /** The child's descriptor. */
    int fd();

    /** Reads from a file. */
    record From(int fd, Path file) implements Redirect {}

    /** Appends to a file, which is made or emptied first. */
    record To(int fd, Path file) implements Redirect {}

    /** Is the same as descriptor {@code of}, which is this process's, or redirected already. */
    record Like(int fd, int of) implements Redirect {}
  }

  /**
   * What to start.
   *
   * @param file the program: absolute, or relative to {@code directory}
   * @param arguments the first is the program's own name
   * @param environment each {@code NAME=value}
   * @param directory the working directory
   * @param redirects made in this order; the standard streams are inherited otherwise, and there is
   *     nothing beside them
   */
  public record Program(
      String file,
      List<String> arguments,
      List<byte[]> environment,
      Path directory,
      List<Redirect> redirects) {}

  /**
   * Starts a program by posix_spawn(3), in this process's own group, with no descriptor open but
   * the standard streams and no signal blocked. Capabilities that this process was handed to keep
   * over execve(2) end with it: the program has those of its user.
   *
   * @return its process id, or {@code -errno} when its directory, a redirect or the program itself
   *     cannot be had
   */
  public int spawn(Program program) {
    try (NativeMemory memory = new NativeMemory()) {
      if (!Host.isMac()) {
        inheritNoCapabilities(memory);
      }
      long actions = memory.block(STRUCT);
      must(libc.call("posix_spawn_file_actions_init", actions));
      try {
        program.redirects().forEach(redirect -> addRedirect(actions, redirect, memory));
        long directory = memory.string(program.directory().toString());
        must(libc.call("posix_spawn_file_actions_addchdir_np", actions, directory));
        if (Host.isMac()) {
          keepStandardStreams(actions, program.redirects());
        } else {
          closeOthers(actions, program.redirects());
        }
        return spawn(program, actions, memory);
      } finally {
        libc.call("posix_spawn_file_actions_destroy", actions);
      }
    }
  }

  private int spawn(Program program, long actions, NativeMemory memory) {
    long attributes = memory.block(STRUCT);
    must(libc.call("posix_spawnattr_init", attributes));
    try {
      long noSignals = memory.block(STRUCT);
      libc.call("sigemptyset", noSignals);
      must(libc.call("posix_spawnattr_setsigmask", attributes, noSignals));
      int flags = POSIX_SPAWN_SETSIGMASK | Host.pick(0, POSIX_SPAWN_CLOEXEC_DEFAULT);
      must(libc.call("posix_spawnattr_setflags", attributes, flags));
      long pid = memory.block(Integer.BYTES);
      int errno =
          libc.call(
              "posix_spawn",
              pid,
              memory.string(program.file()),
              actions,
              attributes,
              memory.strings(encode(program.arguments())),
              memory.strings(program.environment()));
      return errno == 0 ? memory.getInt(pid) : -errno;
    } finally {
      libc.call("posix_spawnattr_destroy", attributes);
    }
  }

  /**
   * Empties the calling thread's inheritable set, and with it the ambient one, which is what a
   * program gets that a user other than root executes: capabilities(7). The thread keeps what it
   * may do itself.
   */
  private void inheritNoCapabilities(NativeMemory memory) {
    long header = memory.block(STRUCT);
    memory.putInt(header, CAPABILITY_VERSION_3);
    long sets = memory.block(STRUCT);
    mustWork(libc.call("capget", header, sets));
    for (int word : INHERITABLE_WORDS) {
      memory.putInt(sets + (long) word * Integer.BYTES, 0);
    }
    mustWork(libc.call("capset", header, sets));
  }

  private void addRedirect(long actions, Redirect redirect, NativeMemory memory) {
    switch (redirect) {
      case Redirect.From(int fd, Path file) ->
          must(
              libc.call(
                  "posix_spawn_file_actions_addopen",
                  actions,
                  fd,
                  memory.string(file.toString()),
                  Posix.O_RDONLY,
                  0));
      case Redirect.To(int fd, Path file) ->
          must(
              libc.call(
                  "posix_spawn_file_actions_addopen",
                  actions,
                  fd,
                  memory.string(file.toString()),
                  Posix.O_WRONLY | Posix.O_CREAT | Posix.O_TRUNC | Posix.O_APPEND,
                  0600));
      case Redirect.Like(int fd, int of) ->
          must(libc.call("posix_spawn_file_actions_adddup2", actions, of, fd));
    }
  }

  /** Of what is open, macOS hands on what is named alone. */
  private void keepStandardStreams(long actions, List<Redirect> redirects) {
    for (int fd : inherited(redirects)) {
      must(libc.call("posix_spawn_file_actions_addinherit_np", actions, fd));
    }
  }

  /** The standard streams that are not redirected. */
  static List<Integer> inherited(List<Redirect> redirects) {
    return Stream.of(0, 1, 2)
        .filter(fd -> redirects.stream().noneMatch(redirect -> redirect.fd() == fd))
        .toList();
  }

  /** Closes what the JDK opens, which it does not mark close-on-exec. */
  private void closeOthers(long actions, List<Redirect> redirects) {
    int last = 2;
    for (Redirect redirect : redirects) {
      last = Math.max(last, redirect.fd());
    }
    try {
      must(libc.call("posix_spawn_file_actions_addclosefrom_np", actions, last + 1));
    } catch (UnsatisfiedLinkError e) {
      // Before glibc 2.34: those that are open by now have to do.
      String[] open = new File("/proc/self/fd").list();
      for (String fd : open == null ? new String[0] : open) {
        if (Integer.parseInt(fd) > last) {
          must(libc.call("posix_spawn_file_actions_addclose", actions, Integer.parseInt(fd)));
        }
      }
    }
  }

  /**
   * Waits until any child has ended, by waitid(2), and leaves it for {@link #reap}: until then its
   * id stays its own, and it is what this method returns.
   *
   * @return the id of a child that has ended
   * @throws PosixException with ECHILD when there is no child
   */
  public int awaitAny() throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      long info = memory.block(STRUCT);
      int result;
      do {
        result = CLibrary.wrap(libc.call("waitid", P_ALL, 0, info, WEXITED | WNOWAIT));
      } while (result == -Errnos.EINTR);
      CLibrary.check(result, "waitid");
      return memory.getInt(info + SI_PID);
    }
  }

  /** Whether a child has ended; leaves it for {@link #reap}. */
  public boolean hasEnded(int pid) throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      long info = memory.block(STRUCT);
      int options = WEXITED | WNOHANG | WNOWAIT;
      CLibrary.check(CLibrary.wrap(libc.call("waitid", P_PID, pid, info, options)), "waitid");
      return memory.getInt(info + SI_PID) == pid;
    }
  }

  /**
   * Takes leave of a child that has ended: waitpid(2).
   *
   * @return its exit code, or 128 and the number of the signal that ended it, as shells have it; -1
   *     while it has not ended
   */
  public int reap(int pid) throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      long status = memory.block(Integer.BYTES);
      int result;
      do {
        result = CLibrary.wrap(libc.call("waitpid", pid, status, WNOHANG));
      } while (result == -Errnos.EINTR);
      if (CLibrary.check(result, "waitpid " + pid) == 0) {
        return -1;
      }
      int code = memory.getInt(status);
      int signal = code & 0x7f;
      return signal == 0 ? (code >> 8) & 0xff : 128 + signal;
    }
  }

  /**
   * Runs another program in place of this one: execve(2). It has the standard streams and nothing
   * beside them. Returns only when that fails.
   *
   * @param command the first is the program's path
   * @param environment each {@code NAME=value}
   */
  public void become(List<String> command, List<byte[]> environment) throws PosixException {
    try (NativeMemory memory = new NativeMemory()) {
      // What an old kernel cannot close so is open in the new program, and harmless.
      if (!Host.isMac()) {
        var _ = libc.call("syscall", CLOSE_RANGE, 3, 0xffffffffL, CLOSE_RANGE_CLOEXEC);
      }
      List<byte[]> arguments = encode(command);
      int result =
          libc.call(
              "execve",
              memory.string(command.getFirst()),
              memory.strings(arguments),
              memory.strings(environment));
      CLibrary.check(CLibrary.wrap(result), "execve " + command.getFirst());
    }
  }

  /** kill(2): returns {@code -errno} where it failed. */
  public int kill(int pid, int signal) {
    return CLibrary.wrap(libc.call("kill", pid, signal));
  }

  /**
   * Whether from now on a descendant whose parent has ended becomes a child of this process,
   * daemons included: PR_SET_CHILD_SUBREAPER of prctl(2). Does nothing on macOS, where such
   * processes are launchd's.
   */
  public void setSubreaper(boolean adopting) throws PosixException {
    if (Host.isMac()) {
      return;
    }
    CLibrary.check(
        CLibrary.wrap(libc.call("prctl", PR_SET_CHILD_SUBREAPER, adopting ? 1 : 0, 0, 0, 0)),
        "prctl PR_SET_CHILD_SUBREAPER");
  }

  /** Whether this process has any child, running or not yet reaped: waitid(2). */
  public boolean hasChildren() {
    try (NativeMemory memory = new NativeMemory()) {
      int options = WEXITED | WNOHANG | WNOWAIT;
      return CLibrary.wrap(libc.call("waitid", P_ALL, 0, memory.block(STRUCT), options))
          != -Errnos.ECHILD;
    }
  }

  private static List<byte[]> encode(List<String> texts) {
    List<byte[]> encoded = new ArrayList<>(texts.size());
    for (String text : texts) {
      encoded.add(text.getBytes(StandardCharsets.UTF_8));
    }
    return encoded;
  }

  private static void must(int errno) {
    if (errno != 0) {
      throw new IllegalStateException(PosixException.describe(errno));
    }
  }

  private static void mustWork(int result) {
    if (result < 0) {
      must(-CLibrary.wrap(result));
    }
  }
}
