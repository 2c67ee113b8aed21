package build.inputfs.cas.life;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.life.StoreCheck.Wrong;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.store.TestStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class StoreCheckTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;

  private static void damage(Path file, byte[] content) throws IOException {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    Files.write(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
  }

  @Test
  void run_movesWhatIsWrongIntoTheQuarantineAndLeavesTheRest() throws IOException {
    try (LocalStore store = TestStores.open(folder, POSIX)) {
      SmallTree tree = SmallTree.put(store, 1);
      Digest changed = store.put(SmallTree.blob(1));
      Digest cut = store.put(SmallTree.blob(2));
      Digest run = store.put(SmallTree.blob(3));
      byte[] wrongBytes = SmallTree.blob(4);
      damage(store.locate(changed, false), wrongBytes);
      damage(store.locate(cut, false), new byte[10]);
      damage(store.locate(run, true), wrongBytes);
      store.putActionResult(run, ActionResult.newBuilder().setExitCode(3).build());
      store.putActionResult(cut, ActionResult.getDefaultInstance());
      Path result = store.root().resolve("ac").resolve(cut.hex().substring(0, 2));
      damage(result.resolve(cut.hex()), new byte[] {1, 2, 3});
      LongAdder bytes = new LongAdder();

      List<Wrong> wrong = new StoreCheck(POSIX, store, 4, bytes::add).run();

      assertThat(wrong).hasSize(4);
      for (Wrong each : wrong) {
        assertThat(each.file()).doesNotExist();
        assertThat(each.quarantined()).exists().hasParentRaw(store.files().quarantine());
      }
      assertThat(wrong)
          .filteredOn(each -> each.file().endsWith(changed.hex()))
          .singleElement()
          .satisfies(each -> assertThat(each.quarantined()).hasBinaryContent(wrongBytes));
      assertThatThrownBy(() -> store.locate(changed, false))
          .isInstanceOf(MissingBlobException.class);
      assertThat(store.locate(run, true)).hasBinaryContent(SmallTree.blob(3));
      assertThat(store.getActionResult(cut)).isNull();
      assertThat(tree.present(store)).isEqualTo(tree.digests().size());
      assertThat(new StoreCheck(POSIX, store, 4, size -> {}).run()).isEmpty();
      assertThat(StoreTotals.count(store.files(), store.function(), POSIX).quarantined().files())
          .isEqualTo(4);
      assertThat(bytes.sum()).isGreaterThan(8 * SmallTree.BYTES);
    }
  }

  @Test
  void run_onAStoreThatIsOnlyRead_tellsAndMovesNothing() throws IOException {
    Digest digest;
    Path file;
    try (LocalStore store = TestStores.open(folder, POSIX)) {
      digest = store.put(SmallTree.blob(1));
      file = store.locate(digest, false);
      damage(file, SmallTree.blob(2));
    }
    try (LocalStore store = TestStores.open(folder, StoreAccess.READ_ONLY, POSIX)) {
      List<Wrong> wrong = new StoreCheck(POSIX, store, 2, size -> {}).run();
      assertThat(wrong)
          .singleElement()
          .satisfies(
              each -> {
                assertThat(each.file()).isEqualTo(file).exists();
                assertThat(each.quarantined()).isNull();
                assertThat(each.problem()).contains("hash");
              });
    }
  }
}
