package build.inputfs.fuse.mount;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.posix.MacMounts;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What is made of the mounts of macOS. */
final class MountTableTest {
  @Test
  void mountsOfMacOs_areOursByTheirSource() {
    MountTable table =
        MountTable.of(
            List.of(
                new MacMounts.Mounted(1, "apfs", "/", "/dev/disk3s1s1"),
                new MacMounts.Mounted(2, "macfuse", "/private/tmp/view", "inputfs:/s/session-1"),
                new MacMounts.Mounted(3, "macfuse", "/Volumes/other", "sshfs")));
    MountTable.Line view = Objects.requireNonNull(table.at(Path.of("/private/tmp/view")));
    assertThat(view.isOurs()).isTrue();
    assertThat(view.id()).isEqualTo(2);
    assertThat(view.session()).isEqualTo(Path.of("/s/session-1"));
    assertThat(table.mounts()).filteredOn(MountTable.Line::isOurs).containsExactly(view);
    assertThat(table.below(Path.of("/private/tmp"))).containsExactly(view);
  }
}
