package build.inputfs.cas.posix;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The operating system that this process runs on, and for whom. */
public final class Host {
  private static final String NAME = System.getProperty("os.name", "");

  private static final boolean MAC = isMac(NAME);

  private Host() {}

  /** Whether it is macOS. */
  public static boolean isMac() {
    return MAC;
  }

  /** Whether {@code name} is what Java calls macOS. */
  public static boolean isMac(String name) {
    return name.startsWith("Mac");
  }

  /**
   * This process's effective user. On Linux it owns /proc/self, proc(5): to ask so takes less time
   * than to bind a call, in a short program.
   */
  public static int effectiveUser() throws IOException {
    return MAC
        ? new CLibrary().call("geteuid")
        : (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
  }

  /** Of two numbers for one thing the one that holds here. */
  static int pick(int onLinux, int onMac) {
    return MAC ? onMac : onLinux;
  }
}
