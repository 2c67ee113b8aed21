package build.inputfs.cas.life;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** One store and several processes, some of which are killed. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class ProcessesTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;

  @Test
  void anotherProcessesLease_isHonouredUntilItDies() throws Exception {
    Path root = folder.resolve("store");
    long limit = 4 * SmallTree.BYTES;
    try (LimitedStore limited = LimitedStore.open(root, DigestFunction.SHA256, limit, POSIX);
        ChildProcess first = ChildProcess.start(LeaseTree.class, folder.toString(), "1");
        ChildProcess second = ChildProcess.start(LeaseTree.class, folder.toString(), "2")) {
      assertThat(first.out().readLine()).isEqualTo("leased");
      assertThat(second.out().readLine()).isEqualTo("leased");
      while (limited.stats().counting()) {
        Thread.sleep(1); // nothing is taken away before
      }
      LocalStore store = limited.store();
      // This process meets their trees by putting them too.
      SmallTree one = SmallTree.put(store, 1);
      SmallTree two = SmallTree.put(store, 2);
      press(limited, 0);
      tell(first);
      tell(second);
      first.kill();
      press(limited, 1000);
      tell(second);
      assertThat(two.present(store)).isEqualTo(two.digests().size());
      assertThat(one.present(store)).isLessThan(one.digests().size());
      second.kill();
      press(limited, 2000);
      assertThat(two.present(store)).isLessThan(two.digests().size());
      assertThat(limited.stats().bytes()).isLessThanOrEqualTo(limit);
    }
  }

  private static void tell(ChildProcess child) throws Exception {
    child.tell("");
    assertThat(child.out().readLine()).isEqualTo("all there");
  }

  private static void press(LimitedStore limited, int from) throws Exception {
    for (int i = from; i < from + 60; i++) {
      limited.store().put(SmallTree.blob(i));
    }
    assertThat(limited.settle()).isTrue();
  }

  @Test
  void invariant17_kill_atAnyMoment_leavesNothingWrongAndNothingBehind() throws Exception {
    int kills = Integer.getInteger("inputfs.test.kills", 8);
    Path root = folder.resolve("store");
    Random random = new Random(5);
    for (int kill = 0; kill < kills; kill++) {
      try (ChildProcess child = ChildProcess.start(UseLimitedStore.class, root.toString())) {
        assertThat(child.out().readLine()).isEqualTo("ready");
        Thread.sleep(random.nextInt(300));
        child.kill();
      }
    }
    StoreFiles files = StoreFiles.in(root, POSIX);
    try (LimitedStore limited =
        LimitedStore.open(root, DigestFunction.SHA256, UseLimitedStore.LIMIT, POSIX)) {
      while (limited.stats().counting()) {
        Thread.sleep(1);
      }
      assertThat(limited.settle()).isTrue();
      limited.store().awaitSweep();
      assertThat(new StoreCheck(POSIX, limited.store(), 2, size -> {}).run()).isEmpty();
      StoreTotals totals = StoreTotals.count(files, DigestFunction.SHA256, POSIX);
      assertThat(totals.limited())
          .isEqualTo(limited.stats().bytes())
          .isLessThanOrEqualTo(UseLimitedStore.LIMIT)
          .isPositive();
      assertThat(totals.variants().files()).isLessThanOrEqualTo(totals.blobs().files());
      assertThat(totals.temporaries().files()).isZero();
      assertThat(totals.tombstones().files()).isZero();
      SmallTree.put(limited.store(), 1);
    }
    try (var left = Files.list(files.own().resolve("users"))) {
      assertThat(left).noneMatch(file -> file.getFileName().toString().startsWith("s"));
    }
  }
}
