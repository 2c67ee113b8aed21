package build.inputfs.cas.life;

import static build.inputfs.cas.life.SmallTree.BYTES;
import static build.inputfs.cas.life.SmallTree.isThere;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.FileStamp;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.store.StoreFiles;
import build.inputfs.cas.store.TestStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
final class LimitedStoreTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;

  private LimitedStore open(long limit) throws Exception {
    LimitedStore store =
        LimitedStore.open(folder.resolve("store"), DigestFunction.SHA256, limit, POSIX);
    while (store.stats().counting()) {
      Thread.sleep(1);
    }
    store.settle();
    return store;
  }

  /** The same store, as another process opens it: nothing is shared but the disk. */
  private LocalStore openAsGuest() throws IOException {
    return TestStores.open(folder, POSIX);
  }

  private static List<Digest> putBlobs(LocalStore store, int from, int to) throws IOException {
    List<Digest> digests = new ArrayList<>();
    for (int i = from; i < to; i++) {
      digests.add(store.put(SmallTree.blob(i)));
    }
    return digests;
  }

  private static long count(LocalStore store, List<Digest> digests) {
    return digests.stream().filter(digest -> isThere(store, digest)).count();
  }

  private StoreTotals totals() throws IOException {
    return StoreTotals.count(
        StoreFiles.in(folder.resolve("store"), POSIX), DigestFunction.SHA256, POSIX);
  }

  @Test
  void settle_aboveTheLimit_takesAwayUntilItIsKept() throws Exception {
    try (LimitedStore limited = open(10 * BYTES)) {
      List<Digest> blobs = putBlobs(limited.store(), 0, 50);
      assertThat(limited.settle()).isTrue();
      assertThat(count(limited.store(), blobs)).isBetween(5L, 10L);
      StoreTotals totals = totals();
      assertThat(totals.blobs().bytes()).isEqualTo(limited.stats().bytes());
      assertThat(totals.limited()).isLessThanOrEqualTo(10 * BYTES);
      assertThat(totals.tombstones().files()).isZero();
      assertThat(limited.stats().evictions()).isEqualTo(50 - totals.blobs().files());
      assertThat(limited.stats().evictedBytes()).isEqualTo(50 * BYTES - totals.blobs().bytes());
    }
  }

  @Test
  void settle_keepsWhatIsUsedOften() throws Exception {
    try (LimitedStore limited = open(20 * BYTES)) {
      LocalStore store = limited.store();
      List<Digest> often = putBlobs(store, 0, 5);
      for (int i = 100; i < 200; i++) {
        putBlobs(store, i, i + 1);
        for (Digest digest : often) {
          store.locate(digest, false);
        }
      }
      limited.settle();
      assertThat(count(store, often)).isEqualTo(5);
      assertThat(limited.stats().bytes()).isLessThanOrEqualTo(20 * BYTES);
    }
  }

  @Test
  void invariant13_leasedTreeIsNeverTakenAwayAndGoesAfterwards() throws Exception {
    try (LimitedStore limited = open(4 * BYTES)) {
      LocalStore store = limited.store();
      SmallTree.Leased leased = SmallTree.lease(store, 1);
      SmallTree tree = leased.tree();
      for (int i = 0; i < 60; i += 20) {
        List<Digest> others = putBlobs(store, i, i + 20);
        assertThat(limited.settle()).isTrue();
        assertThat(tree.present(store)).isEqualTo(tree.digests().size());
        assertThat(count(store, others)).isZero();
        assertThat(limited.stats().bytes()).isLessThan(7 * BYTES);
      }
      assertThat(limited.stats().leasedTrees()).isOne();
      leased.close();
      limited.settle();
      assertThat(limited.stats().bytes()).isLessThanOrEqualTo(4 * BYTES);
      assertThat(totals().limited()).isEqualTo(limited.stats().bytes());
      assertThat(tree.present(store)).isLessThan(tree.digests().size());
      assertThat(limited.stats().leasedTrees()).isZero();
      leased.close();
    }
  }

  @Test
  void trees_thatAreLeasedAgainAndAgainAndNeverRead_stay() throws Exception {
    try (LimitedStore limited = open(20 * BYTES)) {
      LocalStore store = limited.store();
      SmallTree tree;
      try (Lease _ = store.keepNew()) {
        tree = SmallTree.put(store, 1);
      }
      for (int i = 0; i < 50; i++) {
        try (Lease _ = store.lease(tree.root());
            Lease _ = store.keepNew()) {
          // Others are read, which the tree's files, that the kernel knows, are not.
          for (Digest other : putBlobs(store, 10 * i, 10 * i + 10)) {
            for (int n = 0; n < 3; n++) {
              store.locate(other, false);
            }
          }
        }
        limited.settle();
        assertThat(limited.stats().bytes()).isLessThanOrEqualTo(20 * BYTES);
        assertThat(tree.present(store)).isEqualTo(tree.digests().size());
      }
    }
  }

  @Test
  void lease_takenTwice_keepsUntilBothAreClosed() throws Exception {
    try (LimitedStore limited = open(BYTES)) {
      LocalStore store = limited.store();
      SmallTree.Leased first = SmallTree.lease(store, 1);
      SmallTree tree = first.tree();
      Lease second = store.lease(tree.root());
      first.close();
      first.close();
      limited.settle();
      assertThat(tree.present(store)).isEqualTo(tree.digests().size());
      second.close();
      limited.settle();
      assertThat(tree.present(store)).isLessThanOrEqualTo(3);
    }
  }

  @Test
  void lease_whoseDirectoryComesLater_keepsWhatThatLeadsTo() throws Exception {
    try (LimitedStore limited = open(4 * BYTES)) {
      LocalStore store = limited.store();
      try (Lease _ = store.keepNew()) {
        SmallTree tree = SmallTree.put(store, 1);
        byte[] root = store.read(tree.root(), 1000);
        Files.delete(store.locate(tree.root(), false));
        try (Lease _ = store.lease(tree.root())) {
          putBlobs(store, 0, 20);
          limited.settle();
          store.put(root);
          try (Lease _ = store.lease(putBlobs(store, 50, 51).getFirst())) {
            putBlobs(store, 60, 80);
            limited.settle();
          }
        }
        assertThat(tree.present(store)).isEqualTo(tree.digests().size());
      }
    }
  }

  @Test
  void lease_ofSomethingThatIsNoDirectory_keepsItAlone() throws Exception {
    try (LimitedStore limited = open(2 * BYTES)) {
      LocalStore store = limited.store();
      Digest blob = store.put(SmallTree.blob(0));
      try (Lease _ = store.lease(blob)) {
        List<Digest> others = putBlobs(store, 1, 20);
        limited.settle();
        assertThat(isThere(store, blob)).isTrue();
        assertThat(count(store, others)).isLessThan(2);
      }
    }
  }

  @Test
  void lease_ofAFileThatIsTooLargeForADirectory_isNoObstacle() throws Exception {
    try (LimitedStore limited = open(2 * BYTES)) {
      LocalStore store = limited.store();
      try (Lease _ = store.lease(Digest.of("ab".repeat(32), 1L << 40))) {
        putBlobs(store, 0, 20);
        assertThat(limited.settle()).isTrue();
        assertThat(limited.stats().bytes()).isLessThanOrEqualTo(2 * BYTES);
      }
    }
  }

  @Test
  void invariant2_variantCountsAndDiesWithItsBlob() throws Exception {
    try (LimitedStore limited = open(4 * BYTES)) {
      LocalStore store = limited.store();
      Digest first = store.put(SmallTree.blob(0));
      store.locate(first, true);
      assertThat(limited.stats().bytes()).isEqualTo(2 * BYTES);
      List<Digest> blobs = putBlobs(store, 1, 40);
      List<Path> variants = new ArrayList<>();
      for (Digest blob : blobs) {
        try (Lease _ = store.keepNew()) {
          assertThat(store.put(SmallTree.blob(1 + blobs.indexOf(blob)))).isEqualTo(blob);
          variants.add(store.locate(blob, true));
        }
      }
      limited.settle();
      int gone = 0;
      for (int i = 0; i < blobs.size(); i++) {
        assertThat(Files.exists(variants.get(i))).isEqualTo(isThere(store, blobs.get(i)));
        gone += isThere(store, blobs.get(i)) ? 0 : 1;
      }
      assertThat(gone).isGreaterThan(35);
      assertThat(totals().limited())
          .isEqualTo(limited.stats().bytes())
          .isLessThanOrEqualTo(4 * BYTES);
    }
  }

  @Test
  void keepNew_keepsWhatIsPutOrFoundMeanwhile() throws Exception {
    try (LimitedStore limited = open(3 * BYTES)) {
      LocalStore store = limited.store();
      Digest before = store.put(SmallTree.blob(0));
      List<Digest> put;
      try (Lease _ = store.keepNew()) {
        assertThat(store.contains(before)).isTrue();
        put = putBlobs(store, 1, 30);
        limited.settle();
        assertThat(count(store, put)).isEqualTo(29);
        assertThat(isThere(store, before)).isTrue();
        assertThat(limited.stats().keptBytes()).isGreaterThan(26 * BYTES);
      }
      limited.settle();
      assertThat(limited.stats().bytes()).isLessThanOrEqualTo(3 * BYTES);
      assertThat(limited.stats().keptBytes()).isZero();
    }
  }

  @Test
  void resultsOfActions_countAndGo() throws Exception {
    try (LimitedStore limited = open(400)) {
      LocalStore store = limited.store();
      ActionResult result = ActionResult.newBuilder().setExitCode(1).build();
      for (int i = 0; i < 400; i++) {
        store.putActionResult(DigestFunction.SHA256.digest(SmallTree.blob(i)), result);
      }
      limited.settle();
      assertThat(store.listActions()).hasSizeBetween(60, 200);
      assertThat(totals().results().bytes()).isEqualTo(limited.stats().bytes());
      String left = store.listActions().getFirst();
      assertThat(store.getActionResult(Digest.of(left, 0))).isEqualTo(result);
    }
  }

  @Test
  void open_ofAStoreAboveItsLimit_takesAwayWhatWasUsedLongestAgo() throws Exception {
    List<Digest> blobs;
    try (LocalStore store = openAsGuest()) {
      blobs = putBlobs(store, 0, 20);
      for (int i = 0; i < 20; i++) {
        // In no order that a scan could have.
        Files.setAttribute(
            store.locate(blobs.get(i), false),
            "lastAccessTime",
            FileTime.from(Instant.ofEpochSecond(1_000_000_000 + i)));
      }
    }
    try (LimitedStore limited = open(8 * BYTES)) {
      limited.settle();
      assertThat(count(limited.store(), blobs.subList(0, 12))).isZero();
      assertThat(count(limited.store(), blobs.subList(12, 20))).isEqualTo(8);
    }
  }

  @Test
  void shrink_takesAwayAtOnceAndHonoursLeasesOfOthers() throws Exception {
    try (LocalStore guest = openAsGuest()) {
      List<Digest> blobs = putBlobs(guest, 0, 20);
      SmallTree tree = SmallTree.put(guest, 1);
      for (Digest digest : tree.digests()) {
        Files.setAttribute(
            guest.locate(digest, false), "lastAccessTime", FileTime.fromMillis(1_000_000));
      }
      try (Lease _ = guest.lease(tree.root())) {
        LimitStats stats = shrink(9 * BYTES);
        assertThat(stats.bytes()).isLessThanOrEqualTo(9 * BYTES);
        assertThat(tree.present(guest)).isEqualTo(tree.digests().size());
        assertThat(count(guest, blobs)).isLessThan(3);
      }
      assertThat(shrink(BYTES).bytes()).isLessThanOrEqualTo(BYTES);
      assertThat(tree.present(guest)).isLessThan(3);
    }
  }

  private LimitStats shrink(long limit) throws IOException {
    return LimitedStore.shrink(folder.resolve("store"), DigestFunction.SHA256, limit, POSIX);
  }

  @Test
  void guest_whoseLeaseIsTakenLater_isHonouredAndItsEndNoticed() throws Exception {
    try (LimitedStore limited = open(9 * BYTES);
        LocalStore guest = openAsGuest()) {
      LocalStore store = limited.store();
      SmallTree tree = SmallTree.put(store, 1);
      Lease lease = guest.lease(tree.root());
      for (int i = 0; i < 10; i++) {
        putBlobs(store, 20 * i, 20 * i + 20);
        limited.settle();
        assertThat(tree.present(store)).isEqualTo(tree.digests().size());
      }
      lease.close();
      for (int i = 20; i < 40; i++) {
        try (Lease _ = store.keepNew()) {
          for (Digest digest : putBlobs(store, 20 * i, 20 * i + 20)) {
            for (int n = 0; n < 5; n++) {
              store.locate(digest, false);
            }
          }
        }
        limited.settle();
      }
      assertThat(tree.present(store)).isLessThan(tree.digests().size());
      assertThat(limited.stats().bytes()).isLessThanOrEqualTo(9 * BYTES);
    }
  }

  @Test
  void guest_takesNoLeaseWhileBlobsAreTakenAway() throws Exception {
    try (LocalStore guest = openAsGuest();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Digest blob = guest.put(SmallTree.blob(0));
      Lease alone = guest.files().lock().tryExclusive();
      assertThat(alone).isNotNull();
      Future<Lease> leased = threads.submit(() -> guest.lease(blob));
      try (alone) {
        assertThatThrownBy(() -> leased.get(300, TimeUnit.MILLISECONDS))
            .isInstanceOf(TimeoutException.class);
        assertThat(guest.files().sessions().roots()).isEmpty();
      }
      try (Lease _ = leased.get()) {
        assertThat(guest.files().sessions().roots()).containsExactly(blob);
      }
    }
  }

  @Test
  void guest_thatPuts_keepsEverythingUntilItIsDone() throws Exception {
    try (LimitedStore limited = open(2 * BYTES);
        LocalStore guest = openAsGuest()) {
      List<Digest> blobs;
      try (Lease _ = guest.keepNew()) {
        blobs = putBlobs(limited.store(), 0, 20);
        assertThat(limited.settle()).isFalse();
        assertThat(limited.stats().waiting()).isTrue();
        assertThat(count(guest, blobs)).isEqualTo(20);
      }
      assertThat(limited.settle()).isTrue();
      assertThat(limited.stats().waiting()).isFalse();
      assertThat(count(guest, blobs)).isLessThanOrEqualTo(2);
    }
  }

  @Test
  void guest_thatOnlyReads_keepsEverythingWhileItHasALease() throws Exception {
    try (LimitedStore limited = open(2 * BYTES);
        LocalStore guest = TestStores.open(folder, StoreAccess.READ_ONLY, POSIX)) {
      List<Digest> blobs = putBlobs(limited.store(), 0, 2);
      try (Lease _ = guest.lease(blobs.getFirst())) {
        putBlobs(limited.store(), 2, 20);
        assertThat(limited.settle()).isFalse();
        assertThat(count(guest, blobs)).isEqualTo(2);
      }
      assertThat(limited.settle()).isTrue();
      assertThat(folder.resolve("private/users")).doesNotExist();
    }
  }

  @Test
  void open_whileAnotherKeepsTheLimit_isRefused() throws Exception {
    try (LimitedStore limited = open(BYTES)) {
      assertThatThrownBy(() -> open(BYTES))
          .isInstanceOf(StoreInUseException.class)
          .hasMessageContaining(limited.store().root().toString())
          .hasMessageContaining(Long.toString(ProcessHandle.current().pid()));
      assertThatThrownBy(() -> shrink(1)).isInstanceOf(StoreInUseException.class);
    }
    open(BYTES).close();
  }

  @Test
  void blobsThatOthersDelete_areForgottenWhenTheyAreMissed() throws Exception {
    try (LimitedStore limited = open(100 * BYTES)) {
      LocalStore store = limited.store();
      Digest blob = store.put(SmallTree.blob(0));
      Path variant = store.locate(blob, true);
      Files.delete(store.locate(blob, false));
      assertThatThrownBy(() -> store.locate(blob, false)).hasMessageContaining("missing blob");
      assertThat(limited.stats().bytes()).isZero();
      assertThat(variant).doesNotExist();
      store.put(SmallTree.blob(0));
      assertThat(limited.stats().bytes()).isEqualTo(BYTES);
    }
  }

  @Test
  void invariant1_evictionTouchesNoBlobThatStays() throws Exception {
    try (LimitedStore limited = open(10 * BYTES)) {
      LocalStore store = limited.store();
      SmallTree.Leased leased = SmallTree.lease(store, 1);
      SmallTree tree = leased.tree();
      List<FileStamp> before = stamps(store, tree);
      putBlobs(store, 0, 100);
      limited.settle();
      assertThat(stamps(store, tree)).isEqualTo(before);
      leased.close();
    }
  }

  private static List<FileStamp> stamps(LocalStore store, SmallTree tree) throws IOException {
    List<FileStamp> stamps = new ArrayList<>();
    for (Digest digest : tree.digests()) {
      stamps.add(FileStamp.of(POSIX, store.locate(digest, false)));
    }
    return stamps;
  }

  @Test
  void evict_ofABlobThatWasReplacedByOneOfAnotherSize_leavesThatAlone() throws Exception {
    Digest right = DigestFunction.SHA256.digest(SmallTree.blob(0));
    Path file = folder.resolve("store/cas").resolve(right.hex().substring(0, 2));
    Files.createDirectories(file);
    file = file.resolve(right.hex());
    Files.write(file, new byte[900]);
    try (LimitedStore limited = open(BYTES + 500)) {
      LocalStore store = limited.store();
      Lease leased;
      try (Lease _ = store.keepNew()) {
        store.put(SmallTree.blob(0));
        leased = store.lease(right);
      }
      try (leased) {
        putBlobs(store, 1, 30);
        limited.settle();
        assertThat(file).hasBinaryContent(SmallTree.blob(0));
      }
    }
  }
}
