package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FoldersTest {

  @Test
  void of_takesTheCacheFolderOfTheUser() {
    Folders folders = Folders.of(Map.of("XDG_CACHE_HOME", "/cache", "HOME", "/home/x"));

    assertThat(folders.store()).isEqualTo(Path.of("/cache/inputfs"));
    assertThat(folders.scratch()).isEqualTo(Path.of("/cache/inputfs/scratch"));
    assertThat(folders.mountPoints()).isEqualTo(Path.of("/tmp"));
  }

  @Test
  void of_whenTheCacheFolderIsRelative_ignoresIt() {
    Folders folders =
        Folders.of(Map.of("XDG_CACHE_HOME", "cache", "HOME", "/home/x", "TMPDIR", "/var/tmp"));

    assertThat(folders.store()).isEqualTo(Path.of("/home/x/.cache/inputfs"));
    assertThat(folders.mountPoints()).isEqualTo(Path.of("/var/tmp"));
  }
}
