package build.inputfs.app.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A lock that somebody holds in order to ask is not that of an owner. */
@Timeout(60)
final class OwnersTest {
  private static final Posix POSIX = Posix.load();

  @TempDir Path cache;

  @Test
  void fate_ofACacheThatAnotherLooksAtToo_isThatOfItsOwner() throws IOException {
    Files.createDirectory(cache.resolve("trees"));
    int lock = POSIX.open(cache, Posix.O_RDONLY | Posix.O_DIRECTORY, 0);
    try {
      assertThat(fate()).isEqualTo(Fate.DIED);
      assertThat(POSIX.flock(lock, Posix.LOCK_SH | Posix.LOCK_NB)).isZero();
      assertThat(fate()).isEqualTo(Fate.DIED);
      assertThat(POSIX.flock(lock, Posix.LOCK_EX | Posix.LOCK_NB)).isZero();
      assertThat(fate()).isEqualTo(Fate.LIVES);
    } finally {
      POSIX.close(lock);
    }
  }

  private Fate fate() throws IOException {
    return new Owners(POSIX, MountTable.read()).fate(cache);
  }
}
