package build.inputfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/** What the machine that runs the tests can do. */
public final class Machine {
  /** A user and group that nobody else has, for what is run by another user than root. */
  public static final int OTHER_USER = 12_345;

  private Machine() {}

  /** Skips a test that cannot run here, and says why where people see it. */
  public static void need(boolean there, String otherwise) {
    if (!there) {
      System.out.println("SKIPPED: " + otherwise);
    }
    Assumptions.assumeTrue(there, otherwise);
  }

  /** Skips where a strategy does not work. */
  public static void need(Strategy strategy) {
    String obstacle = strategy.obstacle();
    need(obstacle.isEmpty(), strategy + ": " + obstacle);
  }

  /** Skips where a test that changes inputs would change the store. */
  public static void needInputsOfItsOwn(Strategy strategy) {
    need(strategy.hasInputsOfItsOwn(), strategy + ": root would write to the store's own files");
  }

  /** Skips where input directories cannot be renamed. */
  public static void needToMoveInputDirectories(Strategy strategy) {
    need(
        strategy.movesInputDirectories(),
        strategy + ": overlayfs in a user namespace answers EXDEV, on which mv copies");
  }

  /** Skips where two names of an input are taken for two files. */
  public static void needToLinkInputs(Strategy strategy) {
    need(
        strategy.linksInputs(),
        strategy + ": overlayfs in a user namespace takes two names of an input for two files");
  }

  /** Skips where libfuse 2 cannot do something that the kernel asks other servers for. */
  public static void needMoreThanLibfuse(Strategy strategy, String what) {
    need(!strategy.isByPath(), strategy + ": libfuse 2 " + what);
  }

  public static void needRoot() {
    need(isRoot(), "only root can do what this test does");
  }

  /** The user and the group of this process, as numbers with a colon between. */
  static String owner() {
    try {
      Path self = Path.of("/proc/self");
      return Files.getAttribute(self, "unix:uid") + ":" + Files.getAttribute(self, "unix:gid");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Skips where a program that a test runs is not installed. */
  public static void needProgram(String name) {
    need(hasProgram(name), name + " is not installed");
  }

  public static boolean isRoot() {
    return System.getProperty("user.name", "").equals("root");
  }

  public static boolean hasProgram(String name) {
    for (String folder : System.getenv("PATH").split(":", -1)) {
      if (Files.isExecutable(Path.of(folder, name))) {
        return true;
      }
    }
    return false;
  }

  /** Why nothing can be mounted by FUSE here; empty when it can. */
  static String fuseObstacle() {
    Path device = Path.of("/dev/fuse");
    if (!Files.exists(device)) {
      return "there is no /dev/fuse";
    }
    if (!Files.isWritable(device)) {
      return "/dev/fuse may not be opened by this user";
    }
    if (!isRoot() && !hasProgram("fusermount3")) {
      return "this user is not root, and fusermount3 is not installed";
    }
    return "";
  }

  /** Why nothing can be mounted by libfuse 2; empty when it can. */
  static String libfuseObstacle() {
    Outcome probe =
        Child.run(
            Path.of("/"),
            Duration.ofMinutes(1),
            List.of("sh", "-c", "PATH=$PATH:/sbin ldconfig -p | grep -F libfuse.so.2"));
    return probe.exit() == 0
        ? fuseObstacle()
        : "libfuse 2 is not installed (Debian's package libfuse2)";
  }

  /** Why overlayfs cannot stand on FUSE here; empty when it can. */
  static String overlayObstacle() {
    try {
      if (Files.readAllLines(Path.of("/proc/filesystems")).stream()
          .noneMatch(line -> line.endsWith("\toverlay"))) {
        return "this kernel has no overlayfs";
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return isRoot() ? fuseObstacle() : "only root can mount an overlay here";
  }

  /** Why nothing can be mounted by FUSE in a user namespace; empty when it can. */
  static String namespaceObstacle() {
    if (!isRoot()) {
      return "only root can make a user namespace that other users live in";
    }
    if (!hasProgram("unshare") || !hasProgram("nsenter")) {
      return "unshare and nsenter are not installed";
    }
    return fuseObstacle();
  }

  /** Why a user other than root cannot have an overlay here; empty when it can. */
  static String userObstacle() {
    String obstacle = overlayObstacle() + namespaceObstacle();
    if (!obstacle.isEmpty()) {
      return obstacle;
    }
    Outcome probe =
        Child.run(
            Path.of("/"),
            Duration.ofMinutes(1),
            List.of(
                "setpriv",
                "--reuid=" + OTHER_USER,
                "--regid=" + OTHER_USER,
                "--clear-groups",
                "unshare",
                "--user",
                "--map-current-user",
                "--mount",
                "--keep-caps",
                "true"));
    return probe.exit() == 0 ? "" : "users get no namespaces here: " + probe.err();
  }

  /** The first line of a program's answer to {@code --version}; empty when it is not there. */
  public static String versionOf(String program) {
    try {
      Process process = new ProcessBuilder(program, "--version").redirectErrorStream(true).start();
      try (var out = process.inputReader()) {
        String first = out.readLine();
        return first == null ? "" : first;
      }
    } catch (IOException e) {
      return "";
    }
  }
}
