package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.store.BlobSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class DirectoryCacheTest {
  private static final long MANY = 1L << 40;

  @TempDir Path folder = Path.of("");
  private @Nullable LinkFixture opened;

  @BeforeEach
  void open() throws IOException {
    opened = new LinkFixture(folder);
  }

  @AfterEach
  void close() throws IOException {
    fixture().close();
  }

  private LinkFixture fixture() {
    if (opened == null) {
      throw new IllegalStateException("only while a test runs");
    }
    return opened;
  }

  private DirectoryCache cache(CacheLimits limits) throws IOException {
    return cache(fixture().materializer, fixture().remover, limits);
  }

  private DirectoryCache cache(Materializer materializer, TreeRemover remover, CacheLimits limits)
      throws IOException {
    return DirectoryCache.open(
        fixture().posix,
        fixture().reader,
        materializer,
        remover,
        folder.resolve("cache"),
        fixture().options(Mechanism.LINK),
        limits);
  }

  /** 3 × 4 directories of 25 files each; {@code changed} is in one of them. */
  private Digest bigTree(String changed) throws IOException {
    LinkFixture.Tree tree = fixture().tree();
    for (int i = 0; i < 300; i++) {
      tree.file("a" + i % 3 + "/b" + i % 4 + "/file" + i, "content " + i % 90);
    }
    return tree.file("a1/b2/changed", changed).executable("run", "#!/bin/sh\n").put();
  }

  private String where(Pin pin, String path) {
    String best = "";
    Path at = pin.path();
    for (Pin.Joint joint : pin.joints()) {
      if (path.startsWith(joint.path() + "/") && joint.path().length() > best.length()) {
        best = joint.path();
        at = joint.tree();
      }
    }
    return at.resolve(best.isEmpty() ? path : path.substring(best.length() + 1)).toString();
  }

  @Test
  void pin_theSecondTime_isTheSameTreeAndBuildsNothing() throws IOException {
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, MANY))) {
      Digest root = bigTree("x");
      try (Pin first = cache.pin(root);
          Pin second = cache.pin(root)) {
        assertThat(second.path()).isEqualTo(first.path());
        assertThat(first.joints()).isEmpty();
        assertThat(Files.readString(first.path().resolve("a1/b2/changed"))).isEqualTo("x");
      }
      assertThat(cache.stats().builds()).isEqualTo(1);
      assertThat(cache.stats().hits()).isEqualTo(1);
      assertThat(cache.stats().pinned()).isZero();
    }
  }

  @Test
  void pin_ofATreeWithOneChangedFile_buildsThePartWithThatFileAlone() throws IOException {
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20));
        Pin before = cache.pin(bigTree("before"))) {
      long builds = cache.stats().builds();
      assertThat(before.joints()).hasSize(3 + 12);
      try (Pin after = cache.pin(bigTree("after"))) {
        assertThat(cache.stats().builds() - builds).isEqualTo(1); // a1/b2, not a1 nor the root
        assertThat(after.path()).isEqualTo(before.path());
        assertThat(where(after, "a0/b0/file0")).isEqualTo(where(before, "a0/b0/file0"));
        assertThat(Path.of(where(after, "a1/b2/changed"))).hasContent("after");
        assertThat(Path.of(where(before, "a1/b2/changed"))).hasContent("before");
        assertThat(Path.of(where(after, "a1/b2/changed")).getParent())
            .isNotEqualTo(Path.of(where(before, "a1/b2/changed")).getParent());
      }
    }
  }

  /** A source that waits before it gives one blob. */
  private record Slow(BlobSource blobs, Digest slow, CountDownLatch asked, CountDownLatch go)
      implements BlobSource {
    @Override
    public DigestFunction function() {
      return blobs.function();
    }

    @Override
    public Path locate(Digest digest, boolean executable) throws IOException {
      if (digest.equals(slow)) {
        asked.countDown();
        try {
          go.await();
        } catch (InterruptedException e) {
          throw new IOException(e);
        }
      }
      return blobs.locate(digest, executable);
    }

    @Override
    public byte[] read(Digest digest, int limit) throws IOException {
      return blobs.read(digest, limit);
    }
  }

  @Test
  void invariant07_aTree_isInItsPlaceWhenItIsWholeAndHitsDoNotWaitForIt() throws Exception {
    Digest content = fixture().put("the last");
    Slow source = new Slow(fixture().store, content, new CountDownLatch(1), new CountDownLatch(1));
    Digest known = fixture().tree().file("a", "known").put();
    Digest root = fixture().tree().file("a", "first").blob("z/last", content).put();
    Path trees = folder.resolve("cache/trees");
    try (Materializer materializer =
            new Materializer(
                fixture().posix,
                source,
                fixture().reader,
                fixture().remover,
                2,
                Materializer.DISK_LINK_LIMIT);
        DirectoryCache cache =
            cache(materializer, fixture().remover, new CacheLimits(MANY, MANY, MANY));
        ExecutorService builder = Executors.newSingleThreadExecutor()) {
      cache.pin(known).close();
      Future<Pin> built = builder.submit(() -> cache.pin(root));
      try {
        source.asked.await();
        assertThat(trees.resolve(Marks.name(root))).doesNotExist();
        assertThat(folder.resolve("cache/marks").resolve(Marks.name(root))).doesNotExist();
        try (Pin pin = cache.pin(known)) {
          assertThat(pin.path().resolve("a")).hasContent("known");
        }
      } finally {
        source.go.countDown();
      }
      try (Pin pin = built.get()) {
        assertThat(pin.path().resolve("z/last")).hasContent("the last");
      }
    }
  }

  @Test
  void invariant07_anEvictedTree_leavesItsPlaceByARenameAndIsDeletedElsewhere() throws IOException {
    TreeRemover stopped = new TreeRemover(fixture().posix, 1);
    DirectoryCache cache =
        cache(fixture().materializer, stopped, new CacheLimits(MANY, MANY, MANY));
    Pin pin = cache.pin(bigTree("x"));
    Path place = pin.path();
    long inode = fixture().stat(place).ino();
    pin.close();
    stopped.close(); // so that nothing can be deleted now

    cache.clear();

    assertThat(place).doesNotExist();
    assertThat(cache.stats().trees()).isZero();
    assertThatThrownBy(cache::close).isInstanceOf(RuntimeException.class);
    try (var tombstones = Files.find(folder.resolve("cache"), 2, (path, facts) -> true)) {
      assertThat(tombstones.toList()).anyMatch(path -> ino(path) == inode);
    }
    cache(new CacheLimits(MANY, MANY, MANY)).close();
    try (var left = Files.list(folder.resolve("cache"))) {
      assertThat(left.toList()).hasSize(2); // what is left is swept by the next who opens it
    }
  }

  private long ino(Path path) {
    try {
      return fixture().stat(path).ino();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void pin_ofADirectoryWithinOneThatLooksTheSame_isNotTheSameTree() throws IOException {
    LinkFixture.Tree tree = fixture().tree();
    for (int i = 0; i < 30; i++) {
      tree.file("a/a/a/file" + i, "content " + i);
      tree.file("b/a/other" + i, "content " + i);
      tree.file("c/a/file" + i, "content " + i);
    }
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20));
        Pin pin = cache.pin(tree.put())) {
      // A directory that is its own ancestor would be a loop for find(1) and others.
      assertThat(where(pin, "a/a/x")).isNotEqualTo(where(pin, "a/x"));
      // Beside each other equal parts may be shown, with what each has at its joints.
      assertThat(where(pin, "b/x")).isEqualTo(where(pin, "c/x"));
      assertThat(Path.of(where(pin, "a/a/a/file7"))).hasContent("content 7");
      assertThat(Path.of(where(pin, "b/a/other8"))).hasContent("content 8");
      assertThat(Path.of(where(pin, "c/a/file9"))).hasContent("content 9");
      assertThat(where(pin, "c/a/x")).isEqualTo(where(pin, "a/a/a/x"));
    }
  }

  @Test
  void invariant08_aPinnedTree_isNotEvictedThoughTheLimitIsPassed() throws IOException {
    Digest first = fixture().tree().file("d/a", "first").file("d/b", "b").put();
    Digest second = fixture().tree().file("d/a", "second").file("d/b", "b").put();
    Digest third = fixture().tree().file("d/a", "third").file("d/b", "b").put();
    try (DirectoryCache cache = cache(new CacheLimits(MANY, 9, MANY))) { // two trees of four
      Pin one = cache.pin(first);
      try (Pin two = cache.pin(second);
          Pin three = cache.pin(third)) {
        assertThat(cache.stats().entries()).isEqualTo(12);
        for (Pin pin : List.of(one, two, three)) {
          assertThat(pin.path().resolve("d/a")).exists();
        }
      }
      assertThat(one.path().resolve("d/a")).hasContent("first");
      one.close();
      one.close();
      assertThat(cache.stats().pinned()).isZero();
      assertThat(cache.stats().evictions()).isPositive();
      assertThat(cache.stats().entries()).isLessThanOrEqualTo(9);
    }
  }

  @Test
  void limits_byBytes_areKeptWithSharedSubtreesAndLinksAreGivenBack() throws IOException {
    List<Digest> roots = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      roots.add(bigTree("number " + i));
    }
    try (DirectoryCache cache = cache(new CacheLimits(4000, MANY, 20))) {
      for (int round = 0; round < 3; round++) {
        for (Digest root : roots) {
          cache.pin(root).close();
          assertThat(cache.stats().bytes()).isLessThanOrEqualTo(4000);
        }
      }
      assertThat(cache.stats().evictions()).isPositive();
      cache.clear();
      assertThat(cache.stats().trees()).isZero();
    }
    for (int i = 0; i < 90; i++) {
      Path blob = fixture().store.locate(fixture().put("content " + i), false);
      assertThat(fixture().stat(blob).nlink()).isEqualTo(1);
      assertThat(fixture().mode(blob)).isEqualTo(0444);
    }
    assertThat(folder.resolve("cache/trees")).isEmptyDirectory();
    assertThat(folder.resolve("cache/marks")).isEmptyDirectory();
  }

  @Test
  void invariant09_aFailure_isToldAndPoisonsNothing() throws IOException {
    Digest content = fixture().put("comes late");
    Digest root =
        fixture().tree().file("a/b", "there").blob("z/late", content).file("z/b", "there").put();
    Files.delete(fixture().store.locate(content, false));
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 2))) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> cache.pin(root)).isInstanceOf(TreeFailureException.class);
      }
      assertThat(cache.stats().pinned()).isZero();
      fixture().put("comes late");
      try (Pin pin = cache.pin(root)) {
        assertThat(Path.of(where(pin, "z/late"))).hasContent("comes late");
      }
    }
  }

  @Test
  void pin_ofATreeThatLostAFileDeepWithin_buildsItAgainOnce() throws IOException {
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20))) {
      Digest root = bigTree("x");
      Path lost;
      try (Pin pin = cache.pin(root)) {
        lost = Path.of(where(pin, "a1/b2/changed"));
      }
      long builds = cache.stats().builds();
      Files.delete(lost);
      try (Pin pin = cache.pin(root)) {
        assertThat(Path.of(where(pin, "a1/b2/changed"))).hasContent("x");
      }
      assertThat(cache.stats().builds() - builds).isEqualTo(1);
      assertThat(cache.stats().damages()).isPositive();
    }
  }

  @Test
  void pin_ofATreeWithAnotherInodeInAFilesPlace_buildsItAgain() throws IOException {
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, MANY))) {
      Digest root = bigTree("x");
      Path file;
      try (Pin pin = cache.pin(root)) {
        file = pin.path().resolve("a2/b2/file2");
      }
      String content = Files.readString(file);
      Path other = Files.writeString(folder.resolve("other"), "wrong");
      Files.move(other, file, StandardCopyOption.ATOMIC_MOVE);
      try (Pin pin = cache.pin(root)) {
        assertThat(pin.path().resolve("a2/b2/file2")).hasContent(content);
      }
      assertThat(cache.stats().builds()).isEqualTo(2);
    }
  }

  @Test
  void verify_ofAFileThatWasChangedInPlace_findsIt() throws IOException {
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20))) {
      Digest root = fixture().tree().file("d/own", "x", false, LinkFixture.mode(0644, null)).put();
      try (Pin pin = cache.pin(root)) {
        assertThat(cache.verify()).isEmpty();
        Files.writeString(pin.path().resolve("d/own"), "longer");
      }
      assertThat(cache.verify()).containsExactly(root);
      try (Pin pin = cache.pin(root)) {
        assertThat(pin.path().resolve("d/own")).hasContent("x");
      }
    }
  }

  @Test
  void invariant17_aRestart_reusesWhatIsCompleteAndSweepsTheRest() throws IOException {
    Digest root = bigTree("kept");
    Path tree;
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20));
        Pin pin = cache.pin(root)) {
      tree = pin.path();
    }
    Path trees = folder.resolve("cache/trees");
    Path unmarked = Files.createDirectories(trees.resolve("ab-1/c"));
    Files.writeString(folder.resolve("cache/marks/" + "ab".repeat(32) + "-5"), "torn");
    Digest damaged = bigTree("damaged");
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20))) {
      assertThat(unmarked).doesNotExist();
      try (Pin pin = cache.pin(root)) {
        assertThat(pin.path()).isEqualTo(tree);
        assertThat(cache.stats().builds()).isZero();
      }
      try (Pin pin = cache.pin(damaged)) {
        tree = pin.path();
      }
    }
    Files.delete(tree.resolve("run"));
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, 20));
        Pin pin = cache.pin(damaged)) {
      assertThat(pin.path().resolve("run")).exists();
      assertThat(cache.stats().builds()).isEqualTo(1);
    }
    try (var marks = Files.list(folder.resolve("cache/marks"));
        var made = Files.list(trees)) {
      assertThat(marks.map(Path::getFileName).toList())
          .containsExactlyInAnyOrderElementsOf(made.map(Path::getFileName).toList());
    }
  }

  @Test
  void invariant17_aMarkWithoutItsTree_isForgotten() throws IOException {
    Digest root = bigTree("x");
    Path tree;
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, MANY));
        Pin pin = cache.pin(root)) {
      tree = pin.path();
    }
    fixture().remover.remove(tree);
    try (DirectoryCache cache = cache(new CacheLimits(MANY, MANY, MANY))) {
      assertThat(cache.stats().trees()).isZero();
      assertThat(folder.resolve("cache/marks")).isEmptyDirectory();
      cache.pin(root).close();
      assertThat(cache.stats().damages()).isZero();
    }
  }

  @Test
  void open_whileAnotherHasIt_isRefused() throws IOException {
    try (DirectoryCache cache = cache(CacheLimits.DEFAULT)) {
      assertThatThrownBy(() -> cache(CacheLimits.DEFAULT)).isInstanceOf(CacheInUseException.class);
      assertThat(cache.stats().trees()).isZero();
    }
  }
}
