package build.inputfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** What the machine that runs the tests can do. */
public final class Machine {
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
