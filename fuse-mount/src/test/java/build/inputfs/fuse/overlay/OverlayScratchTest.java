package build.inputfs.fuse.overlay;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.scratch.Rooms;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OverlayScratchTest {
  private final Posix posix = Posix.load();
  private final Rooms rooms = new Rooms(posix);

  @TempDir Path folder;

  @AfterEach
  void close() {
    rooms.close();
  }

  @Test
  void renew_afterAnOverlayThatWroteNothing_leavesItAsItWasMade() throws IOException {
    OverlayScratch scratch = create(Quota.NONE);
    leaveWhatOverlayfsDoes(scratch);
    assertThat(scratch.renew()).isTrue();
    assertIsNew(scratch);
  }

  @Test
  void renew_afterManyThingsWereWritten_leavesNoneOfThem() throws IOException {
    OverlayScratch scratch = create(Quota.NONE);
    leaveWhatOverlayfsDoes(scratch);
    Path deep = Files.createDirectories(scratch.upper().resolve("a/b/c"));
    Files.writeString(deep.resolve("file"), "text");
    Files.setPosixFilePermissions(deep, PosixFilePermissions.fromString("---------"));
    Files.setPosixFilePermissions(scratch.upper(), PosixFilePermissions.fromString("rwx------"));
    assertThat(scratch.renew()).isTrue();
    assertIsNew(scratch);
  }

  @Test
  void renew_whenOverlayfsHasLeftSomethingUnknown_saysThatItCannotBeUsed() throws IOException {
    OverlayScratch scratch = create(Quota.NONE);
    Files.createDirectories(scratch.work().resolve("work/#1"));
    assertThat(scratch.renew()).isFalse();
    scratch.remove();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void renew_ofOneWithAQuota_isNotDone() throws IOException {
    OverlayScratch scratch = create(new Quota(1 << 20, 0));
    assertThat(scratch.renew()).isFalse();
    scratch.remove();
  }

  private OverlayScratch create(Quota quota) throws IOException {
    return OverlayScratch.create(
        posix, rooms, folder.resolve("view-1"), quota, new LimitHits(quota));
  }

  /** What a volatile overlay has made by the time it ends. */
  private static void leaveWhatOverlayfsDoes(OverlayScratch scratch) throws IOException {
    Path inside = Files.createDirectories(scratch.work().resolve("work/incompat/volatile"));
    Files.createFile(inside.resolve("dirty"));
  }

  private static void assertIsNew(OverlayScratch scratch) throws IOException {
    try (Stream<Path> all = Files.walk(scratch.upper().getParent())) {
      assertThat(all.map(path -> path.getFileName().toString()))
          .containsExactlyInAnyOrder("view-1", "upper", "work");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(scratch.upper())))
        .isEqualTo("rwxr-xr-x");
  }
}
