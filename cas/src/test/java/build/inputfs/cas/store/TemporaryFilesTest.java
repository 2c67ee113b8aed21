package build.inputfs.cas.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TemporaryFilesTest {
  @TempDir private Path folder;

  @Test
  void sweep_deletesLeftoversOfADayAgoAndNothingYounger() throws IOException {
    TemporaryFiles crashed = new TemporaryFiles(folder);
    Path leftover = Files.createFile(crashed.newPath());
    TemporaryFiles files = new TemporaryFiles(folder);
    files.sweep(Instant.now().plus(Duration.ofHours(23)));
    assertThat(leftover).exists();
    files.sweep(Instant.now().plus(Duration.ofHours(25)));
    assertThat(leftover).doesNotExist();
  }

  @Test
  void sweep_whereThereIsNoFolder_makesNone() throws IOException {
    Path absent = folder.resolve("absent");
    new TemporaryFiles(absent).sweep(Instant.now());
    assertThat(absent).doesNotExist();
  }

  @Test
  void close_deletesItsOwnFilesAndNoOthers() throws IOException {
    TemporaryFiles others = new TemporaryFiles(folder);
    Path other = Files.createFile(others.newPath());
    TemporaryFiles files = new TemporaryFiles(folder);
    Path own = Files.createFile(files.newPath());
    files.close();
    assertThat(own).doesNotExist();
    assertThat(other).exists();
    assertThatThrownBy(files::newPath).hasMessage("the store is closed");
  }
}
