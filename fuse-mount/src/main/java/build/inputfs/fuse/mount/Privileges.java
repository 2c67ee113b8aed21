package build.inputfs.fuse.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What this process may do about mounts.
 *
 * @param mayMount whether it may call mount(2): it has CAP_SYS_ADMIN, over the whole machine or in
 *     a user namespace (capabilities(7))
 * @param userNamespace whether it lives in a user namespace other than the machine's first one
 */
public record Privileges(boolean mayMount, boolean userNamespace) {
  private static final int CAP_SYS_ADMIN = 21;
  private static final String EFFECTIVE = "CapEff:";

  /** What the first namespace is called: USER_NS_INIT_INO in the kernel's linux/nsfs.h. */
  private static final String FIRST = "user:[" + 0xEFFFFFFDL + "]";

  /** Reads it from proc(5). */
  public static Privileges read() throws IOException {
    Path namespace = Path.of("/proc/self/ns/user");
    return new Privileges(
        mayMount(Files.readString(Path.of("/proc/self/status"))),
        Files.exists(namespace) && !Files.readSymbolicLink(namespace).toString().equals(FIRST));
  }

  /** Whether the text of a status file tells of CAP_SYS_ADMIN. */
  static boolean mayMount(String status) {
    return status
        .lines()
        .filter(line -> line.startsWith(EFFECTIVE))
        .anyMatch(
            line -> {
              String set = line.substring(EFFECTIVE.length()).strip();
              return (Long.parseUnsignedLong(set, 16) >> CAP_SYS_ADMIN & 1) == 1;
            });
  }
}
