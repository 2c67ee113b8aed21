package build.inputfs.fuse.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import build.inputfs.fuse.vfs.Child;
import build.inputfs.fuse.vfs.MemoryFileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Where a mount may be put, where not, and who may remove it. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class MounterTest {
  @TempDir Path temp;

  private void assertRefused(Path mountPoint, String reason) throws Exception {
    TestMount.requireFuse();
    MountTable.Line before = MountTable.read().at(mountPoint);
    try (MemoryFileSystem fs = new MemoryFileSystem(TestMount.POSIX, temp)) {
      assertThatThrownBy(
              () -> FuseSession.mount(TestMount.POSIX, fs, mountPoint, MountOptions.PRIVATE))
          .isInstanceOf(MountException.class)
          .hasMessageContaining(reason)
          .hasMessageContaining(mountPoint.getFileName().toString());
    }
    assertThat(MountTable.read().at(mountPoint)).isEqualTo(before);
  }

  @Test
  void mountPoint_thatIsMissing_isRefused() throws Exception {
    assertRefused(temp.resolve("missing"), "does not exist");
    assertRefused(temp.resolve("missing/too"), "does not exist");
  }

  @Test
  void mountPoint_thatIsAFile_isRefused() throws Exception {
    assertRefused(Files.createFile(temp.resolve("file")), "is not a directory");
  }

  @Test
  void mountPoint_thatIsNotEmpty_isRefused() throws Exception {
    Path folder = Files.createDirectory(temp.resolve("folder"));
    Files.createFile(folder.resolve("file"));
    assertRefused(folder, "is not empty");
  }

  @Test
  void mountPoint_thatIsInUse_isRefused() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE)) {
      assertRefused(m.path, "is a mount of inputfs already");
      assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
    }
    assertRefused(Path.of("/proc"), "is a mount point already (proc)");
  }

  @Test
  void mountPoint_withStrangeName_works() throws Exception {
    TestMount.requireFuse();
    Path folder = Files.createDirectory(temp.resolve("a b\\c\td,e"));
    Path link = Files.createSymbolicLink(temp.resolve("link"), folder);
    Path disk = Files.createDirectory(temp.resolve("disk"));
    try (MemoryFileSystem fs = new MemoryFileSystem(TestMount.POSIX, disk);
        FuseSession session = FuseSession.mount(TestMount.POSIX, fs, link, MountOptions.PRIVATE)) {
      fs.addInput("in", "input\n");
      assertThat(session.mountPoint()).isEqualTo(folder.toRealPath());
      assertThat(Child.sh(link, "cat in")).isEqualTo("input\n");
    }
    assertThat(MountTable.read().at(folder)).isNull();
  }

  @Test
  void mount_isSeenAsOneOfInputfs() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE)) {
      assertThat(Child.sh(Path.of("/"), "grep ' " + m.path + " ' /proc/self/mounts"))
          .startsWith("inputfs " + m.path + " fuse.inputfs rw,nosuid,nodev,noatime,")
          .contains("default_permissions", "allow_other");
    }
  }

  @Test
  void unmount_ofAMount_endsItsSession() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE)) {
      new Mounter(TestMount.POSIX).unmount(m.path);
      assertThat(m.session.awaitUnmounted(Duration.ofSeconds(60))).isTrue();
    }
  }

  @Test
  void unmount_whileInUse_isRefused() throws Exception {
    try (TestMount m = TestMount.of(MountOptions.PRIVATE);
        Child user = Child.startSh(m.path, "echo ready; exec sleep 1000")) {
      user.awaitOutput("ready");
      assertThatThrownBy(() -> new Mounter(TestMount.POSIX).unmount(m.path))
          .isInstanceOf(MountException.class)
          .hasMessageContaining("in use");
      assertThat(m.sh("echo x > y; cat y")).isEqualTo("x\n");
    }
  }

  @Test
  void unmount_ofSomethingElse_isRefused() {
    assertThatThrownBy(() -> new Mounter(TestMount.POSIX).unmount(temp))
        .isInstanceOf(MountException.class)
        .hasMessageContaining("is not a mount point");
    assertThatThrownBy(() -> new Mounter(TestMount.POSIX).unmount(Path.of("/proc")))
        .isInstanceOf(MountException.class)
        .hasMessageContaining("type proc, not one of inputfs");
    assertThatThrownBy(() -> new Mounter(TestMount.POSIX).unmount(temp.resolve("no/thing")))
        .isInstanceOf(MountException.class)
        .hasMessageContaining("cannot look at");
  }

  @Test
  void deviceProblems_areExplained() {
    assertThat(Mounter.deviceProblem(Errnos.ENOENT)).contains("modprobe fuse", "--device");
    assertThat(Mounter.deviceProblem(Errnos.EACCES)).contains("chmod 0666 /dev/fuse");
    assertThat(Mounter.deviceProblem(Errnos.ENODEV)).contains("modprobe fuse");
    assertThat(Mounter.deviceProblem(Errnos.EMFILE)).contains("EMFILE");
  }

  @Test
  void mountTable_isParsed() {
    MountTable table =
        MountTable.parse(
            """
            22 1 0:20 / / rw,relatime shared:1 - ext4 /dev/root rw
            36 22 0:32 / /a\\040b\\134c rw,nosuid - fuse.inputfs inputfs rw,user_id=0
            37 36 0:33 / /a\\040b\\134c rw shared:7 master:2 - tmpfs tmpfs rw
            """);
    assertThat(table.mounts()).hasSize(3);
    assertThat(table.at(Path.of("/a b\\c"))).isEqualTo(table.mounts().get(2));
    assertThat(table.mounts().get(1))
        .isEqualTo(
            new MountTable.Line(
                36, "0:32", Path.of("/a b\\c"), "fuse.inputfs", "inputfs", "/", "rw,user_id=0"));
    assertThat(table.at(Path.of("/b"))).isNull();
  }

  @Test
  void mountTable_knowsWhereAnOverlayHasItsScratch() {
    MountTable table =
        MountTable.parse(
            """
            78 50 0:42 / /v rw - overlay inputfs rw,lowerdir=/s/f,upperdir=/s\\134\\054\\040x/a/upper,workdir=/w
            79 50 0:42 / /w rw - overlay other rw,lowerdir=/s/f,upperdir=/s/b/upper,workdir=/w
            80 50 0:43 / /s/f ro - fuse.inputfs inputfs ro,user_id=0
            """);
    assertThat(table.mounts().get(0).upper()).isEqualTo(Path.of("/s, x/a/upper"));
    assertThat(table.mounts().get(0).isOverlayIn(Path.of("/s, x/a"))).isTrue();
    assertThat(table.mounts().get(0).isOverlayIn(Path.of("/s, x/b"))).isFalse();
    assertThat(table.mounts().get(1).upper()).as("somebody else's").isNull();
    assertThat(table.mounts().get(2).upper()).isNull();
    assertThat(table.below(Path.of("/s"))).containsExactly(table.mounts().get(2));
  }
}
