package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class TreeRemoverTest {
  private final Posix posix = Posix.load();

  @TempDir Path folder = Path.of("");

  @Test
  void remove_aTreeDeeperThanAnyPath_leavesNothing() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("deep"));
    int levels = 3000;
    int fd = posix.open(tree, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    for (int i = 0; i < levels; i++) {
      Posix.check(posix.mkdirat(fd, "level", 0755), "mkdir");
      Posix.check(posix.mkdirat(fd, "beside", 0755), "mkdir");
      Posix.check(posix.mknodat(fd, "file", 0100644), "mknod");
      int next = Posix.check(posix.openat(fd, "level", Posix.O_RDONLY, 0), "open");
      posix.close(fd);
      fd = next;
    }
    posix.close(fd);
    try (TreeRemover remover = new TreeRemover(posix, 3)) {
      remover.remove(tree);
    }
    assertThat(tree).doesNotExist();
  }

  @Test
  void remove_whateverAnActionMayLeave_leavesNothing() throws IOException {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    int fd = posix.open(tree, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    Posix.check(posix.mknodat(fd, "fifo", 0010644), "mkfifo");
    Posix.check(posix.symlinkat("fifo", fd, "link"), "symlink");
    posix.close(fd);
    // A name that is not UTF-8, and directories that keep their owner out.
    assertThat(
            LinkFixture.run(
                "sh",
                "-ec",
                "cd \"$1\"; touch \"$(printf 'a\\377b')\"; mkdir -p \"$(printf 'd\\377')/e\" shut/in;"
                    + " touch shut/in/file .deep-1-1; chmod 0 shut/in shut",
                "sh",
                tree.toString()))
        .isZero();
    for (int i = 0; i < 2000; i++) {
      Files.createDirectory(tree.resolve("directory" + i));
    }
    try (TreeRemover remover = new TreeRemover(posix, 3)) {
      remover.remove(tree);
      assertThat(tree).doesNotExist();
      remover.remove(tree); // nothing is there: nothing to do
    }
  }

  @Test
  void remove_byAnotherUserThanRoot_opensDirectoriesThatAreShut() throws IOException {
    boolean possible = posix.geteuid() == 0 && Files.exists(Path.of("/usr/bin/setpriv"));
    if (!possible) {
      System.out.println("Skipped: only root with setpriv can try what another user may do");
    }
    Assumptions.assumeTrue(possible, "root and setpriv");
    Path own = Files.createDirectory(folder.resolve("own"));
    Path classes = folder.resolve("classes");
    String[] entries = System.getProperty("java.class.path").split(":", -1);
    // The class path is copied, as another user may not be able to look into these folders.
    StringBuilder path = new StringBuilder();
    Files.createDirectory(classes);
    for (int i = 0; i < entries.length; i++) {
      if (Files.exists(Path.of(entries[i]))) {
        LinkFixture.run("cp", "-r", entries[i], classes.resolve(i + ".jar").toString());
        path.append(classes.resolve(i + ".jar")).append(':');
      }
    }
    LinkFixture.run("chmod", "-R", "a+rX", folder.toString());
    LinkFixture.run("chown", "65534:65534", own.toString());
    String java = ProcessHandle.current().info().command().orElseThrow();
    int exit =
        LinkFixture.run(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            "sh",
            "-ec",
            "cd \"$1\"; shift; mkdir -p t/a/b; touch t/a/b/f; ln -s /etc t/a/l; chmod 0 t/a/b t/a;"
                + " exec \"$@\"",
            "sh",
            own.toString(),
            java,
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            path.toString(),
            RemoveTree.class.getName(),
            own.resolve("t").toString());
    assertThat(exit).isZero();
    assertThat(own.resolve("t")).doesNotExist();
    assertThat(Path.of("/etc")).isDirectory();
  }

  @Test
  void remove_whenAMountIsInTheTree_keepsItAndSaysSo() throws IOException {
    boolean possible = posix.geteuid() == 0;
    if (!possible) {
      System.out.println("Skipped: only root can mount in a tree");
    }
    Assumptions.assumeTrue(possible, "root");
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Path mount = Files.createDirectories(tree.resolve("a/mount"));
    Files.createDirectories(tree.resolve("b/c"));
    Assumptions.assumeTrue(
        LinkFixture.run("mount", "-t", "tmpfs", "none", mount.toString()) == 0, "may mount");
    try (TreeRemover remover = new TreeRemover(posix, 3)) {
      assertThatThrownBy(() -> remover.remove(tree)).hasMessageContaining("a/mount");
      assertThat(tree.resolve("b")).doesNotExist();
      assertThat(mount).isDirectory();
      assertThat(LinkFixture.run("umount", mount.toString())).isZero();
      remover.remove(tree);
      assertThat(tree).doesNotExist();
    } finally {
      LinkFixture.run("umount", "-l", mount.toString());
    }
  }
}
