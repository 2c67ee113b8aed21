package build.inputfs.fuse.mutable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cas.posix.MacOnLinux;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.jnr.JnrOptions;
import build.inputfs.fuse.jnr.JnrTransport;
import build.inputfs.fuse.kernel.KernelTransport;
import build.inputfs.fuse.kernel.MountOptions;
import build.inputfs.fuse.mount.MountException;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.vfs.Child;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A view whose store and scratch are reached by the calls of macOS, in a mount of libfuse 2. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class MacViewTest {
  private static final String CLIENT =
      """
      assert open('readme').read() == 'read me'
      assert open('dir/sub/two').read() == 'two'
      with open('readme', 'w') as f: f.write('changed')
      os.chmod('dir/one', 0o644)
      with open('dir/one', 'a') as f: f.write(' and more')
      assert open('dir/one').read() == 'one and more'
      with open('big', 'wb') as f: f.write(bytes(range(256)) * 8192)
      os.truncate('big', 1000000)
      assert os.path.getsize('big') == 1000000
      assert open('big', 'rb').read()[-1] == 999999 % 256
      fd = os.open('big', os.O_RDWR); os.fsync(fd); os.close(fd)
      os.utime('big', (5, 6))
      assert os.stat('big').st_mtime == 6
      os.rename('dir/sub', 'moved')
      os.rename('moved/two', 'readme')
      assert open('readme').read() == 'two'
      os.link('big', 'linked')
      os.unlink('big')
      assert os.stat('linked').st_nlink == 1
      os.rmdir('moved')
      assert sorted(os.listdir('.')) == ['dir', 'link', 'linked', 'readme', 'tool']
      assert os.statvfs('.').f_bavail > 0
      print('ok')
      """;

  @TempDir Path temp = Path.of("");
  private final Posix linux = Posix.load();

  @Test
  void view_isReadAndWrittenThroughTheCallsOfMacOs() throws Exception {
    if (!Files.isWritable(Path.of("/dev/fuse")) || linux.geteuid() != 0) {
      skip("mounting needs root and /dev/fuse");
    }
    MacOnLinux mac = MacOnLinux.create();
    Path point = Files.createDirectory(temp.resolve("point"));
    Path scratch = Files.createDirectory(temp.resolve("views"));
    try (ViewFixture fixture = new ViewFixture(temp, Quota.NONE, mac.posix());
        FuseStrategy strategy =
            new FuseStrategy(
                mac.posix(),
                new JnrTransport(linux, JnrOptions.PRIVATE),
                fixture.store,
                new TreeReader(fixture.store, 1 << 20),
                scratch);
        View view =
            strategy.open(new ViewSpec(fixture.root, point, 0, 0, false, List.of(), Quota.NONE))) {
      assertThat(Child.python(point, CLIENT)).isEqualTo("ok\n");
      assertThat(view.failures()).isEmpty();
    } catch (MountException e) {
      skip(String.valueOf(e.getMessage()));
    }
    assertThat(point).isEmptyDirectory();
    assertThat(scratch).isEmptyDirectory();
    assertThat(mac.called()).contains("openat", "fstatat", "F_BARRIERFSYNC", "renameatx_np");
  }

  @Test
  void mountPoints_areCheckedAndTheKernelsTransportIsRefused() throws Exception {
    MacOnLinux mac = MacOnLinux.create();
    Path point = Files.createDirectory(temp.resolve("point"));
    assertThat(MountPoints.check(mac.posix(), point)).isEqualTo(point.toRealPath());
    assertThat(mac.called()).contains("F_GETPATH");
    assertThatThrownBy(() -> MountPoints.check(mac.posix(), temp))
        .hasMessageContaining("not empty");
    try (ViewFixture fixture = new ViewFixture(temp, Quota.NONE, mac.posix())) {
      assertThatThrownBy(
              () ->
                  new KernelTransport(mac.posix(), MountOptions.PRIVATE)
                      .mount(fixture.view, point, false))
          .isInstanceOf(MountException.class)
          .hasMessageContaining("macOS has --transport jnr");
    }
  }

  private static void skip(String reason) {
    System.out.println("skipped: " + reason);
    abort(reason);
  }
}
