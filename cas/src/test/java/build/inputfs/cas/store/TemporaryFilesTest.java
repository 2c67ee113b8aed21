package build.inputfs.cas.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TemporaryFilesTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path parent;
  private Path folder;
  private Sessions sessions;

  @BeforeEach
  void prepare() {
    folder = parent.resolve("tmp");
    sessions = new Sessions(POSIX, parent.resolve("users"));
  }

  private TemporaryFiles files(OwnSession session) {
    return new TemporaryFiles(folder, sessions, session);
  }

  @Test
  void sweep_deletesWhatIsOfNoSessionThatLives() throws IOException {
    Path leftover;
    try (OwnSession dead = new OwnSession(sessions)) {
      leftover = Files.createFile(files(dead).newPath());
    }
    try (OwnSession session = new OwnSession(sessions)) {
      Path living = Files.createFile(files(session).newPath());
      files(session).sweep(Instant.now(), () -> true);
      assertThat(leftover).exists();
      files(session).sweep(Instant.now(), () -> false);
      assertThat(leftover).doesNotExist();
      assertThat(living).exists();
    }
  }

  @Test
  void sweep_deletesFilesOfOtherNamesAfterADay() throws IOException {
    Path leftover = Files.createFile(Files.createDirectory(folder).resolve("1234-abc"));
    try (OwnSession session = new OwnSession(sessions)) {
      files(session).sweep(Instant.now().plus(Duration.ofHours(23)), () -> false);
      assertThat(leftover).exists();
      files(session).sweep(Instant.now().plus(Duration.ofHours(25)), () -> false);
      assertThat(leftover).doesNotExist();
    }
  }

  @Test
  void sweep_whereThereIsNoFolder_makesNone() throws IOException {
    files(new OwnSession(sessions)).sweep(Instant.now(), () -> false);
    assertThat(folder).doesNotExist();
  }

  @Test
  void close_deletesItsOwnFilesAndNoOthers() throws IOException {
    try (OwnSession session = new OwnSession(sessions)) {
      Path other = Files.createFile(files(session).newPath());
      TemporaryFiles files = files(session);
      Path own = Files.createFile(files.newPath());
      files.close();
      assertThat(own).doesNotExist();
      assertThat(other).exists();
      assertThatThrownBy(files::newPath).hasMessage("the store is closed");
    }
  }
}
