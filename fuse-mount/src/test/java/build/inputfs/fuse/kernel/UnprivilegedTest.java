package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.fuse.vfs.Child;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Mounting as a user other than root, through fusermount3, over either transport. A program runs as
 * that user in a mount namespace of its own, in which /dev/fuse is open to all, whatever it is
 * outside.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class UnprivilegedTest {
  /** The user nobody, for fusermount3 wants one that has a name. */
  private static final int SOMEBODY = 65534;

  @TempDir Path temp;
  private Path mountPoint = Path.of("");
  private String transport = "kernel";

  @BeforeEach
  void prepare() throws IOException {
    TestMount.requireFuse();
    mountPoint = folder("mnt");
    folder("disk");
    folder("tmp");
    folder("lib");
    Files.setPosixFilePermissions(temp, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  /** A directory that belongs to the user. */
  private Path folder(String name) throws IOException {
    Path folder = Files.createDirectory(temp.resolve(name));
    Files.setAttribute(folder, "unix:uid", SOMEBODY);
    Files.setAttribute(folder, "unix:gid", SOMEBODY);
    return folder;
  }

  /** This JVM's class path, copied to where another user can read it. */
  private String classPath() throws IOException {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path from = Path.of(entry);
      Path to = temp.resolve("lib").resolve(entries.size() + "-" + from.getFileName());
      if (Files.exists(from)) {
        if (!Files.exists(to)) {
          copy(from, to);
        }
        entries.add(to.toString());
      }
    }
    return String.join(File.pathSeparator, entries);
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  /**
   * Runs {@link UnprivilegedMount} as the user.
   *
   * @param preparation commands that root runs in the namespace before
   */
  private String run(String preparation, String script) throws Exception {
    return run(preparation, "", script);
  }

  /**
   * Runs {@link UnprivilegedMount} as the user.
   *
   * @param wrapper a command of the user's that starts the program, or nothing
   */
  private String run(String preparation, String wrapper, String script) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String commands =
        """
        set -e
        mount --make-rprivate /
        test -e "$1/fuse" || mknod "$1/fuse" c 10 229
        chmod 0666 "$1/fuse"
        mount --bind "$1/fuse" /dev/fuse
        %s
        shift
        exec setpriv --reuid %d --regid %d --clear-groups %s "$@"
        """
            .formatted(preparation, SOMEBODY, SOMEBODY, wrapper);
    try (Child child =
        Child.start(
            "unshare",
            "-m",
            "sh",
            "-c",
            commands,
            "sh",
            temp.toString(),
            java,
            "-Djava.io.tmpdir=" + temp.resolve("tmp"),
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            classPath(),
            "build.inputfs.fuse.kernel.UnprivilegedMount",
            transport,
            mountPoint.toString(),
            temp.resolve("disk").toString(),
            script)) {
      int code = child.await();
      String output = child.output();
      if (output.contains("unshare failed")
          || output.contains("Operation not permitted\n")
          || output.contains("refused: the jnr transport needs")) {
        System.out.println("skipped: " + output);
        abort(output);
      }
      assertThat(code).as(output).isZero();
      return output;
    }
  }

  /** What a user does in a mount, and that this is how it is mounted. */
  private static final String USE =
      "cat in; id -u; echo x > y; stat -c '%u %a' y; cat y; mkdir d; mv y d; ls d;"
          + " dd if=/dev/zero of=z bs=1M count=3 2>/dev/null; stat -c %s z;"
          + " grep -c \"$PWD fuse.inputfs rw,nosuid,nodev,noatime\" /proc/self/mounts";

  private static final String USED =
      "input\n65534\n65534 644\nx\ny\n3145728\n1\nunmounted\nleft: 0\n";

  @Test
  void user_mountsThroughFusermount_withoutPassthrough() throws Exception {
    assertThat(run(":", USE))
        .contains("mounted kernel transport 7.", "through the page cache\n")
        .endsWith(USED);
  }

  /** Goes over libfuse 2, or skips the test and says why where it has nothing to mount by. */
  private void overJnr() {
    if (Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
        .noneMatch(folder -> Files.isExecutable(Path.of(folder, "fusermount")))) {
      System.out.println("skipped: fusermount is not installed");
      abort("fusermount is not installed");
    }
    transport = "jnr";
  }

  @Test
  void user_mountsOverJnr_throughFusermount() throws Exception {
    overJnr();
    assertThat(run(":", USE)).contains("mounted jnr transport, libfuse 2.").endsWith(USED);
  }

  @Test
  void overJnr_processThatStillUsesTheMount_doesNotKeepItFromEnding() throws Exception {
    overJnr();
    assertThat(run(":", "(exec > /dev/null 2>&1; sleep 20) & echo fine"))
        .endsWith("fine\nunmounted\nleft: 0\n");
  }

  @Test
  void overJnr_fusermountThatIsNotInstalled_isExplained() throws Exception {
    overJnr();
    assertThat(
            run(
                "f=$(readlink -f $(command -v fusermount)); mount --bind /dev/null $f",
                "echo not reached"))
        .contains("refused: ", "fusermount", "install the package fuse3")
        .doesNotContain("not reached");
  }

  @Test
  void rootOfAUserNamespace_mountsItself_withoutPassthrough() throws Exception {
    String output =
        run(":", "unshare -r -m", "cat in; id -u; echo x > y; stat -c '%u %a' y; cat y");
    assertThat(output)
        .contains("mounted kernel transport 7.")
        .endsWith("input\n0\n0 644\nx\nunmounted\nleft: 0\n");
  }

  @Test
  void processThatStillUsesTheMount_doesNotKeepItFromEnding() throws Exception {
    assertThat(run(":", "(exec > /dev/null 2>&1; sleep 20) & echo fine"))
        .endsWith("fine\nunmounted\nleft: 0\n");
  }

  @Test
  void deviceThatIsClosedToTheUser_isExplained() throws Exception {
    assertThat(run("chmod 0600 /dev/fuse", "echo not reached"))
        .contains("refused: ", "/dev/fuse", "chmod 0666 /dev/fuse")
        .doesNotContain("not reached");
  }

  @Test
  void fusermountThatIsNotInstalled_isExplained() throws Exception {
    assertThat(
            run(
                "mkdir -p $1/bin; PATH=$(dirname $(command -v setpriv)); "
                    + "for f in $PATH/fusermount3; do mount --bind /dev/null $f; done",
                "echo not reached"))
        .contains("refused: ", "install the package fuse3")
        .doesNotContain("not reached");
  }

  @Test
  void othersAreAdmitted_onlyWhereTheConfigurationPermits() throws Exception {
    String grep = "grep \"$PWD fuse.inputfs \" /proc/self/mounts";
    assertThat(run(": > $1/conf; mount --bind $1/conf /etc/fuse.conf", grep))
        .contains("inputfs ")
        .doesNotContain("allow_other");
    assertThat(run("echo user_allow_other > $1/conf; mount --bind $1/conf /etc/fuse.conf", grep))
        .contains("allow_other");
  }
}
