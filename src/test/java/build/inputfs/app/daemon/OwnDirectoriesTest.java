package build.inputfs.app.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.app.daemon.OwnDirectories.Directory;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A view's directory is empty and has the view's name, whoever had it before. */
@Timeout(60)
final class OwnDirectoriesTest {
  private static final Posix POSIX = Posix.load();

  @TempDir Path folder;

  @Test
  void take_afterOneWasGivenBack_givesItAnotherName() throws IOException {
    OwnDirectories directories = new OwnDirectories(POSIX, folder, true);
    Directory first = directories.take("first");
    Object inode = Files.getAttribute(first.path(), "unix:ino");
    directories.giveBack(first);
    assertThat(first.path()).doesNotExist();
    Directory second = directories.take("second");
    assertThat(second.path()).isEqualTo(folder.resolve("second")).isEmptyDirectory();
    assertThat(Files.getAttribute(second.path(), "unix:ino")).isEqualTo(inode);
  }

  @Test
  void giveBack_whenSomebodyHasPutSomethingThere_failsAndNobodyGetsTheDirectory()
      throws IOException {
    OwnDirectories directories = new OwnDirectories(POSIX, folder, true);
    Directory used = directories.take("used");
    Files.createFile(used.path().resolve("file"));
    assertThatThrownBy(() -> directories.giveBack(used))
        .isInstanceOf(DirectoryNotEmptyException.class);
    assertThat(directories.take("next").path()).isEmptyDirectory();
    assertThat(used.path().resolve("file")).exists();
  }

  @Test
  void giveBack_whereViewsAreMadeInDirectories_deletesThem() throws IOException {
    OwnDirectories directories = new OwnDirectories(POSIX, folder, false);
    directories.giveBack(directories.take("view"));
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void giveBack_ofVeryMany_keepsAFew() throws IOException {
    OwnDirectories directories = new OwnDirectories(POSIX, folder, true);
    List<Directory> taken = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      taken.add(directories.take("view-" + i));
    }
    for (Directory each : taken) {
      directories.giveBack(each);
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.count()).isBetween(1L, 20L);
    }
  }
}
