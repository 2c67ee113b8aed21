package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Folders of the living stay, those of the dead go. */
@Timeout(60)
final class SessionFolderTest {
  @TempDir Path parent;

  @Test
  void close_removesTheFolderAndAllInIt() throws IOException {
    Path path;
    try (SessionFolder session = SessionFolder.open(parent, "session-", folder -> true)) {
      path = session.path();
      Path closed = Files.createDirectories(path.resolve("a/closed"));
      Files.writeString(closed.resolve("file"), "x");
      Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("---------"));
      Files.createSymbolicLink(path.resolve("link"), parent);
    }
    assertThat(path).doesNotExist();
    assertThat(parent).exists();
  }

  @Test
  void open_leavesAFolderOfThisProcessAlone() throws IOException {
    try (SessionFolder first = SessionFolder.open(parent, "session-", folder -> true);
        SessionFolder second = SessionFolder.open(parent, "session-", folder -> true)) {
      assertThat(first.path()).exists().isNotEqualTo(second.path());
    }
  }

  @Test
  void open_removesTheFolderOfAProcessThatDied() throws Exception {
    Process other =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                parent.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Path theirs;
    try {
      theirs = Path.of(other.inputReader().readLine());
      SessionFolder.open(parent, "session-", folder -> true).close();
      assertThat(theirs).exists();
    } finally {
      other.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
    }
    SessionFolder.open(parent, "session-", folder -> !folder.equals(theirs)).close();
    assertThat(theirs).exists();
    SessionFolder.open(parent, "session-", folder -> true).close();
    assertThat(theirs).doesNotExist();
  }

  /** Another process with a session: it prints where, and waits to be killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      SessionFolder session = SessionFolder.open(Path.of(args[0]), "session-", folder -> true);
      Files.writeString(session.path().resolve("left"), "behind");
      System.out.println(session.path());
      Thread.sleep(TimeUnit.SECONDS.toMillis(60));
      session.close();
    }
  }
}
