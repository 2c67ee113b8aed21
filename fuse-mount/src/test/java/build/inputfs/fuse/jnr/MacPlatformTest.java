package build.inputfs.fuse.jnr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is decided for macOS, with programs that answer as a Mac's do. */
final class MacPlatformTest {
  private static final long OWN = 7;

  @TempDir Path temp;
  private Path point = Path.of("/");
  private final List<String> ran = new ArrayList<>();
  private boolean mounted;
  private boolean covered;
  private boolean busy;
  private final MacPlatform platform = new MacPlatform(this::mounts, this::answer);

  @BeforeEach
  void makePoint() throws IOException {
    point = Files.createDirectory(temp.toRealPath().resolve("view, 1"));
  }

  private MountTable mounts() {
    List<MountTable.Line> lines = new ArrayList<>();
    lines.add(line(1, Path.of("/"), "apfs", "/dev/disk3s1s1"));
    if (mounted) {
      lines.add(line(OWN, point, "macfuse", "inputfs:/s"));
    }
    if (covered) {
      lines.add(line(OWN + 1, point, "macfuse", "sshfs"));
    }
    return new MountTable(lines);
  }

  private static MountTable.Line line(long id, Path path, String type, String source) {
    return new MountTable.Line(id, "", path, type, source, "/", "");
  }

  private String answer(String... command) throws IOException {
    ran.add(String.join(" ", command));
    return switch (command[0]) {
      case "/sbin/umount" -> {
        if (busy) {
          throw new IOException("umount(" + point + "): Resource busy -- try 'diskutil unmount'");
        }
        mounted = false;
        yield "";
      }
      case "/usr/sbin/diskutil" -> {
        mounted = false;
        yield "Volume inputfs force-unmounted\n";
      }
      default -> throw new IOException("there is no " + command[0]);
    };
  }

  @Test
  void options_nameTheVolumeAndKeepTheFindersFilesOut() {
    assertThat(platform.mountOptions(JnrOptions.PRIVATE.withSource("inputfs:/s"), point))
        .contains("volname=inputfs view\\, 1", "noappledouble", "noapplexattr", "nobrowse", "rw")
        .doesNotContain("allow_other");
    assertThat(platform.mountOptions(JnrOptions.PRIVATE.withReadOnly(true), point)).contains("ro");
  }

  @Test
  void check_takesAnEmptyDirectoryThatNothingIsMountedOn() throws Exception {
    assertThat(platform.check(point)).isEqualTo(point);
    mounted = true;
    assertThatThrownBy(() -> platform.check(point)).hasMessageContaining("mount point already");
    mounted = false;
    Files.createFile(point.resolve("file"));
    assertThatThrownBy(() -> platform.check(point))
        .isInstanceOf(MountException.class)
        .hasMessageContaining("not empty");
  }

  @Test
  void unmount_ofABusyMount_isForcedByDiskutil() throws Exception {
    mounted = true;
    busy = true;
    platform.unmount(point, platform.identity(point));
    assertThat(mounted).isFalse();
    assertThat(ran).contains("/sbin/umount " + point, "/usr/sbin/diskutil unmount force " + point);
  }

  @Test
  void unmount_ofWhatIsGone_doesNothing() throws Exception {
    platform.unmount(point, OWN);
    assertThat(ran).isEmpty();
    assertThatThrownBy(() -> platform.identity(point)).isInstanceOf(MountException.class);
  }

  @Test
  void unmount_ofAMountThatAnotherCovers_leavesBoth() throws Exception {
    mounted = true;
    long identity = platform.identity(point);
    covered = true;
    platform.unmount(point, identity);
    assertThat(ran).isEmpty();
    assertThat(platform.identity(point)).isNotEqualTo(identity);
  }

  @Test
  void platform_isChosenByTheNameOfTheSystem() {
    assertThat(Platform.of(JnrTestMount.POSIX, "Mac OS X")).isInstanceOf(MacPlatform.class);
    assertThat(Platform.of(JnrTestMount.POSIX, "Linux")).isInstanceOf(LinuxPlatform.class);
  }

  @Test
  void names_ofAnotherCase_areFound_wherePeopleExpectIt() throws Exception {
    // The transport would take what Linux's users expect.
    JnrTestMount.requireFuse();
    try (JnrTestMount m = JnrTestMount.ignoringCase()) {
      assertThat(
              m.python(
                  """
                  os.makedirs('Dir/Sub')
                  with open('Dir/Sub/File', 'w') as f: f.write('x')
                  assert open('dir/SUB/file').read() == 'x'
                  with open('dir/sub/FILE', 'w') as f: f.write('y')
                  assert os.listdir('Dir/Sub') == ['File'], os.listdir('Dir/Sub')
                  assert open('Dir/Sub/File').read() == 'y'
                  try: os.mkdir('DIR'); print('made')
                  except FileExistsError: pass
                  with open('caf\\u00e9', 'w') as f: f.write('z')
                  assert open('cafe\\u0301').read() == 'z'
                  os.unlink('dir/sub/fILE')
                  assert os.listdir('Dir/Sub') == []
                  print('ok')
                  """))
          .isEqualTo("ok\n");
    }
  }
}
