package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Folders of the living stay, those of the dead go. */
@Timeout(600)
final class SessionFolderTest {
  private static final Posix POSIX = Posix.load();

  @TempDir Path parent;

  @Test
  void close_removesTheFolderAndAllInIt() throws IOException {
    Path path;
    try (SessionFolder session = SessionFolder.open(POSIX, parent, "session-", folder -> true)) {
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
    try (SessionFolder first = SessionFolder.open(POSIX, parent, "session-", folder -> true);
        SessionFolder second = SessionFolder.open(POSIX, parent, "session-", folder -> true)) {
      assertThat(first.path()).exists().isNotEqualTo(second.path());
    }
  }

  @Test
  void open_asSecondOneOfAProcess_leavesTheFirstLockedForOthers() throws Exception {
    try (SessionFolder first = SessionFolder.open(POSIX, parent, "session-", folder -> true)) {
      SessionFolder.open(POSIX, parent, "session-", folder -> true).close();
      Process other = start(Holder.class);
      try {
        assertThat(other.inputReader().readLine()).isNotNull();
        assertThat(first.path()).exists();
      } finally {
        other.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void open_removesWhatDiedBeforeItHadItsName() throws IOException {
    Path empty = Files.createDirectory(parent.resolve(".inputfs-unborn-1"));
    Path unmarked = Files.createDirectory(parent.resolve(".inputfs-unborn-2"));
    Files.createFile(unmarked.resolve("lock"));
    SessionFolder.open(POSIX, parent, "session-", folder -> true).close();
    assertThat(empty).doesNotExist();
    assertThat(unmarked).doesNotExist();
  }

  @Test
  void open_leavesFoldersAloneThatOnlyHaveSuchAName() throws IOException {
    Path bare = Files.createDirectory(parent.resolve("session-1"));
    Path unmarked = Files.createDirectory(parent.resolve("session-2"));
    Files.writeString(unmarked.resolve("lock"), "somebody else's");
    SessionFolder.open(POSIX, parent, "session-", folder -> true).close();
    assertThat(bare).exists();
    assertThat(unmarked.resolve("lock")).exists();
    assertThat(SessionFolder.claim(POSIX, unmarked)).isNull();
  }

  @Test
  void open_removesTheFolderOfAProcessThatDied() throws Exception {
    Process other = start(Holder.class);
    Path theirs;
    try {
      theirs = Path.of(other.inputReader().readLine());
      SessionFolder.open(POSIX, parent, "session-", folder -> true).close();
      assertThat(theirs).exists();
    } finally {
      other.destroyForcibly().waitFor();
    }
    SessionFolder.open(POSIX, parent, "session-", folder -> !folder.equals(theirs)).close();
    assertThat(theirs).exists();
    SessionFolder.open(POSIX, parent, "session-", folder -> true).close();
    assertThat(theirs).doesNotExist();
  }

  @Test
  void isLeftover_whenOthersAskToo_tellsTheDeadFromTheLiving() throws Exception {
    Process other = start(Holder.class);
    Path theirs;
    try {
      theirs = Path.of(other.inputReader().readLine());
      assertThat(SessionFolder.isLeftover(POSIX, theirs)).isFalse();
    } finally {
      other.destroyForcibly().waitFor();
    }
    int asking = POSIX.open(theirs.resolve("lock"), Posix.O_RDONLY, 0);
    try {
      assertThat(POSIX.flock(asking, Posix.LOCK_SH | Posix.LOCK_NB)).isZero();
      assertThat(SessionFolder.isLeftover(POSIX, theirs)).isTrue();
    } finally {
      POSIX.close(asking);
    }
    try (SessionFolder.Left left = SessionFolder.claim(POSIX, theirs)) {
      assertThat(left).isNotNull();
      assertThat(SessionFolder.isLeftover(POSIX, theirs)).isFalse();
    }
    assertThat(SessionFolder.isLeftover(POSIX, parent)).isFalse();
  }

  @Test
  void open_inManyProcessesAtOnce_leavesThoseAloneThatAreJustBeingMade() throws Exception {
    List<Process> others = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        others.add(start(Opener.class));
      }
      for (Process other : others) {
        assertThat(other.waitFor()).isZero();
      }
    } finally {
      others.forEach(Process::destroyForcibly);
    }
    try (Stream<Path> left = Files.list(parent)) {
      assertThat(left).isEmpty();
    }
  }

  private Process start(Class<?> main) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            parent.toString())
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  /** Another process that opens and closes sessions without pause. */
  static final class Opener {
    private Opener() {}

    public static void main(String[] args) throws Exception {
      for (int i = 0; i < 200; i++) {
        try (SessionFolder session =
            SessionFolder.open(POSIX, Path.of(args[0]), "session-", folder -> true)) {
          Files.createFile(session.path().resolve("own"));
        }
      }
    }
  }

  /** Another process with a session: it prints where, and waits to be killed. */
  static final class Holder {
    private Holder() {}

    public static void main(String[] args) throws Exception {
      SessionFolder session =
          SessionFolder.open(POSIX, Path.of(args[0]), "session-", folder -> true);
      Files.writeString(session.path().resolve("left"), "behind");
      System.out.println(session.path());
      Thread.sleep(TimeUnit.MINUTES.toMillis(20));
      session.close();
    }
  }
}
