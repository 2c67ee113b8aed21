package build.inputfs.cas.life;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreFiles;
import build.inputfs.cas.store.TestStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A store with a tiny limit under many threads, of this process and of guests: as many rounds as
 * the property {@code inputfs.test.rounds} says, from the seed {@code inputfs.test.seed}.
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
final class LimitedStoreStressTest {
  private static final int ROUNDS = Integer.getInteger("inputfs.test.rounds", 150);
  private static final long SEED = Long.getLong("inputfs.test.seed", 20);
  private static final int THREADS = 6;
  private static final int TREES = 40;
  private static final long LIMIT = 30_000;
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void invariant13_manyThreads_seeNoWrongByteAndLoseNothingLeased(int guests) throws Exception {
    System.out.println("LimitedStoreStressTest: seed " + SEED + ", rounds " + ROUNDS);
    Path root = folder.resolve("store");
    AtomicInteger missing = new AtomicInteger();
    List<LocalStore> others = new ArrayList<>();
    LimitStats after;
    try (LimitedStore limited = LimitedStore.open(root, DigestFunction.SHA256, LIMIT, POSIX)) {
      for (int i = 0; i < guests; i++) {
        others.add(TestStores.open(folder, POSIX));
      }
      AtomicBoolean done = new AtomicBoolean();
      try (ExecutorService pool = Executors.newCachedThreadPool()) {
        List<Future<Void>> users = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
          LocalStore store = i < guests ? others.get(i) : limited.store();
          Random random = new Random(SEED + i);
          users.add(pool.submit(user(store, random, missing)));
        }
        Future<Void> evictor =
            pool.submit(
                () -> {
                  while (!done.get()) {
                    limited.settle();
                    LockSupport.parkNanos(100_000);
                  }
                  return null;
                });
        try {
          for (Future<Void> user : users) {
            user.get();
          }
        } finally {
          done.set(true);
        }
        evictor.get();
      }
      while (limited.stats().counting()) {
        Thread.sleep(1); // nothing is taken away before
      }
      assertThat(limited.settle()).isTrue();
      after = limited.stats();
      assertThat(after.bytes()).isLessThanOrEqualTo(LIMIT);
      assertThat(after.keptBytes()).isZero();
      assertThat(after.leasedTrees()).isZero();
      assertThat(after.evictions()).isGreaterThan(ROUNDS);
      assertThat(new StoreCheck(POSIX, limited.store(), 2, size -> {}).run()).isEmpty();
      if (guests == 0) {
        StoreTotals totals =
            StoreTotals.count(limited.store().files(), DigestFunction.SHA256, POSIX);
        assertThat(totals.limited()).isEqualTo(after.bytes());
        assertThat(totals.blobs().files() + totals.results().files()).isEqualTo(after.files());
        assertThat(totals.temporaries().files()).isZero();
        assertThat(totals.tombstones().files()).isZero();
      }
      for (LocalStore other : others) {
        other.close();
      }
    }
    assertThat(missing.get()).isPositive();
    // What guests put while it was counted once is known to the next.
    LimitedStore.shrink(root, DigestFunction.SHA256, LIMIT, POSIX);
    assertThat(
            StoreTotals.count(StoreFiles.in(root, POSIX), DigestFunction.SHA256, POSIX).limited())
        .isLessThanOrEqualTo(LIMIT);
  }

  private static Callable<Void> user(LocalStore store, Random random, AtomicInteger missing) {
    return () -> {
      for (int round = 0; round < ROUNDS; round++) {
        switch (random.nextInt(4)) {
          case 0, 1 -> useTree(store, random);
          case 2 -> lookAtAny(store, random, missing);
          default -> {
            Digest action = DigestFunction.SHA256.digest(SmallTree.blob(random.nextInt(50)));
            store.putActionResult(action, ActionResult.newBuilder().setExitCode(1).build());
            ActionResult result = store.getActionResult(action);
            assertThat(result == null || result.getExitCode() == 1).isTrue();
          }
        }
      }
      return null;
    };
  }

  /** Nothing of a tree that is leased is ever missing. */
  private static void useTree(LocalStore store, Random random) throws IOException {
    try (SmallTree.Leased leased = SmallTree.lease(store, random.nextInt(TREES))) {
      SmallTree tree = leased.tree();
      for (int i = 0; i < 4; i++) {
        for (Digest digest : tree.digests()) {
          assertThat(store.read(digest, 10_000)).hasSize((int) digest.size());
        }
        Digest run = tree.digests().get(1);
        assertThat(DigestFunction.SHA256.digest(Files.readAllBytes(store.locate(run, true))))
            .isEqualTo(run);
        LockSupport.parkNanos(random.nextInt(2_000_000));
      }
    }
  }

  /** What is not leased may be missing, but is never wrong. */
  private static void lookAtAny(LocalStore store, Random random, AtomicInteger missing)
      throws IOException {
    for (int i = 0; i < 20; i++) {
      byte[] expected = SmallTree.blob(1000 + random.nextInt(60));
      Digest digest = DigestFunction.SHA256.digest(expected);
      try {
        if (random.nextInt(4) == 0) {
          assertThat(Files.readAllBytes(store.locate(digest, true))).isEqualTo(expected);
        } else {
          assertThat(store.read(digest, 10_000)).isEqualTo(expected);
        }
      } catch (MissingBlobException | NoSuchFileException e) {
        missing.incrementAndGet();
        assertThat(store.put(expected)).isEqualTo(digest);
      }
    }
  }
}
