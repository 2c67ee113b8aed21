package build.inputfs.app.doctor;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.kernel.Mounter;
import build.inputfs.fuse.mount.Privileges;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Looks at what this machine gives the current user, whatever the disk. For one thread. */
public final class MachineChecks {
  private static final Path RING = Path.of("/sys/module/fuse/parameters/enable_uring");
  private static final long FEW_DESCRIPTORS = 4096;
  private static final long LITTLE_MEMORY = 512L << 20;
  private static final int SET_USER_ID = 04000;

  /** What forbids users namespaces, and the value that does. */
  private static final Map<String, String> SWITCHES =
      Map.of(
          "user.max_user_namespaces", "0",
          "kernel.unprivileged_userns_clone", "0",
          "kernel.apparmor_restrict_unprivileged_userns", "1");

  private final Posix posix;
  private final Map<String, String> environment;
  private final Privileges privileges;

  /**
   * @param environment has PATH
   */
  public MachineChecks(Posix posix, Map<String, String> environment) throws IOException {
    this.posix = posix;
    this.environment = environment;
    this.privileges = Privileges.read();
  }

  /** All of them, but for what a trial shows. */
  public List<Finding> all() throws IOException {
    return List.of(
        kernel(), device(), fusermount(), capabilities(), namespaces(), descriptors(), memory());
  }

  /** Linux's major and minor version. */
  private static int[] version() throws IOException {
    String release = Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
    Matcher matcher = Pattern.compile("(\\d+)\\.(\\d+).*").matcher(release);
    return matcher.matches()
        ? new int[] {Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))}
        : new int[] {0, 0};
  }

  private static boolean isFrom(int major, int minor) throws IOException {
    int[] version = version();
    return version[0] > major || (version[0] == major && version[1] >= minor);
  }

  private static Finding kernel() throws IOException {
    String what = "kernel";
    String release = "Linux " + Files.readString(Path.of("/proc/sys/kernel/osrelease")).strip();
    if (!isFrom(5, 4)) {
      return Finding.fails(what, release + " is too old", "take Linux 5.4 or later");
    }
    return isFrom(6, 9)
        ? Finding.works(what, release)
        : Finding.limited(
            what, release + " has no passthrough for FUSE", "take Linux 6.9 or later");
  }

  private Finding device() {
    String problem = new Mounter(posix).deviceProblem();
    if (problem == null) {
      return Finding.works("/dev/fuse", "can be opened");
    }
    int colon = problem.indexOf(": ");
    return Finding.fails("/dev/fuse", problem.substring(0, colon), problem.substring(colon + 2));
  }

  private Finding fusermount() throws IOException {
    String what = "fusermount3";
    Path program = find(what);
    boolean needed = !privileges.mayMount();
    if (program == null) {
      String why = needed ? "not in PATH" : "not in PATH; this user needs none";
      return needed
          ? Finding.fails(what, why, "install the package fuse3")
          : Finding.works(what, why);
    }
    boolean setUserId =
        (((Integer) Files.getAttribute(program, "unix:mode")) & SET_USER_ID) != 0
            && Files.getAttribute(program, "unix:uid").equals(0);
    return setUserId || !needed
        ? Finding.works(what, program.toString())
        : Finding.fails(
            what, program + " is not set-user-id root", "chmod u+s " + program + ", as root");
  }

  private @Nullable Path find(String program) {
    for (String folder : environment.getOrDefault("PATH", "/usr/bin:/bin").split(":", -1)) {
      Path path = Path.of(folder.isEmpty() ? "." : folder, program);
      if (Files.isExecutable(path)) {
        return path;
      }
    }
    return null;
  }

  private Finding capabilities() {
    String what = "capabilities";
    String where = privileges.userNamespace() ? "in a user namespace" : "over this machine";
    return privileges.mayMount()
        ? Finding.works(what, "may mount: CAP_SYS_ADMIN " + where)
        : Finding.limited(
            what,
            "may not mount: no CAP_SYS_ADMIN",
            "run as root, or where there are user namespaces by `run` and `replay`");
  }

  private Finding namespaces() throws IOException {
    String what = "user namespaces";
    String refusal = namespaceRefusal();
    if (refusal == null) {
      return Finding.works(what, "one can be made");
    }
    List<String> advice = new ArrayList<>();
    for (Map.Entry<String, String> each : SWITCHES.entrySet()) {
      Path file = Path.of("/proc/sys", each.getKey().replace('.', '/'));
      if (Files.isReadable(file) && Files.readString(file).strip().equals(each.getValue())) {
        advice.add("sysctl " + each.getKey() + " is " + each.getValue());
      }
    }
    String why = privileges.mayMount() ? refusal + "; this user needs none" : refusal;
    return privileges.mayMount()
        ? Finding.works(what, why)
        : Finding.fails(what, why, String.join(", ", advice));
  }

  /** Why this user gets no namespace to mount in, or null where there is one. */
  public @Nullable String namespaceRefusal() throws IOException {
    if (find("unshare") == null) {
      return "unshare (package util-linux) is missing";
    }
    Process process =
        new ProcessBuilder(namespaceCommand(List.of("true"))).redirectErrorStream(true).start();
    process.getOutputStream().close();
    try (var out = process.inputReader()) {
      List<String> said = out.lines().toList();
      boolean ended = process.waitFor(10, TimeUnit.SECONDS);
      return ended && process.exitValue() == 0 ? null : String.join("; ", said);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    } finally {
      process.destroyForcibly();
    }
  }

  /** A command in a user and mount namespace of its own, as the start script makes them. */
  public static List<String> namespaceCommand(List<String> command) {
    List<String> all =
        new ArrayList<>(
            List.of("unshare", "--user", "--map-current-user", "--mount", "--keep-caps", "--"));
    all.addAll(command);
    return all;
  }

  private static Finding descriptors() throws IOException {
    String what = "open files";
    for (String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
      Matcher matcher = Pattern.compile("Max open files +(\\S+) .*").matcher(line);
      if (matcher.matches()) {
        String limit = matcher.group(1);
        boolean few = !limit.equals("unlimited") && Long.parseLong(limit) < FEW_DESCRIPTORS;
        String why = limit + " at once (RLIMIT_NOFILE)";
        return few
            ? Finding.limited(what, why, "raise it: ulimit -n 65536, or LimitNOFILE=")
            : Finding.works(what, why);
      }
    }
    return Finding.limited(what, "/proc/self/limits does not tell", "");
  }

  private static Finding memory() throws IOException {
    String what = "memory";
    long free = Long.MAX_VALUE;
    for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
      if (line.startsWith("MemAvailable:")) {
        free = Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    Path limit = Path.of("/sys/fs/cgroup/memory.max");
    String group = Files.isReadable(limit) ? Files.readString(limit).strip() : "max";
    if (!group.equals("max")) {
      free = Math.min(free, Long.parseLong(group));
    }
    String why =
        "%,d MB available, %,d MB of them for the JVM's heap"
            .formatted(free >> 20, Runtime.getRuntime().maxMemory() >> 20);
    return free < LITTLE_MEMORY
        ? Finding.limited(what, why, "what views cache does not fit: give it 512 MB")
        : Finding.works(what, why);
  }

  /** Passthrough, as the strategy {@code fuse} has it. */
  public Finding passthrough(Trials.Outcome fuse) throws IOException {
    String what = "FUSE passthrough";
    if (!fuse.works()) {
      return Finding.fails(what, "there is no FUSE", "");
    }
    if (fuse.how().contains("passthrough")) {
      return Finding.works(what, "the kernel reads and writes files by itself");
    }
    if (!isFrom(6, 9)) {
      return Finding.fails(what, "this kernel has none", "take Linux 6.9 or later");
    }
    return !privileges.mayMount() || privileges.userNamespace()
        ? Finding.fails(what, "it takes CAP_SYS_ADMIN over this machine", "run as root")
        : Finding.fails(what, "the kernel refuses it", "is it built with FUSE_PASSTHROUGH?");
  }

  /** FUSE over io_uring, as the strategy {@code overlay} has it. */
  public Finding ring(Trials.Outcome overlay) throws IOException {
    String what = "FUSE over io_uring";
    if (!Files.exists(RING)) {
      return Finding.fails(
          what, "this kernel has none", "take Linux 6.14 or later, with FUSE_IO_URING");
    }
    if (!Files.readString(RING).strip().equals("Y")) {
      return Finding.fails(what, "it is switched off", "echo Y > " + RING + ", as root");
    }
    return overlay.how().contains("io_uring")
        ? Finding.works(what, "forests are served by it")
        : Finding.fails(what, "it is switched on, and forests are not served by it", "");
  }
}
