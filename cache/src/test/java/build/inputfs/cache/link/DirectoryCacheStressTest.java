package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cache under many threads, and under kill -9: as often as the property {@code
 * inputfs.test.kills} says.
 */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class DirectoryCacheStressTest {
  private static final int THREADS = 64;
  private static final int DIGESTS = 200;
  private static final int ROUNDS = 60;

  @TempDir Path folder = Path.of("");

  /** A source that notices when one blob is wanted by two builds at the same time. */
  private record Watching(
      LocalStore store, ConcurrentMap<Digest, AtomicInteger> inUse, AtomicInteger doubles)
      implements BlobSource {
    @Override
    public DigestFunction function() {
      return store.function();
    }

    @Override
    public Path locate(Digest digest, boolean executable) throws IOException {
      AtomicInteger users = inUse.get(digest);
      if (users == null) {
        return store.locate(digest, executable);
      }
      if (users.incrementAndGet() > 1) {
        doubles.incrementAndGet();
      }
      try {
        LockSupport.parkNanos(200_000);
        return store.locate(digest, executable);
      } finally {
        users.decrementAndGet();
      }
    }

    @Override
    public byte[] read(Digest digest, int limit) throws IOException {
      return store.read(digest, limit);
    }
  }

  @Test
  void invariant08_pin_byManyThreadsWithEvictionAndCancellation_keepsEveryPromise()
      throws Exception {
    try (LinkFixture fixture = new LinkFixture(folder)) {
      ConcurrentMap<Digest, AtomicInteger> inUse = new ConcurrentHashMap<>();
      Watching source = new Watching(fixture.store, inUse, new AtomicInteger());
      List<Digest> roots = new ArrayList<>();
      for (int i = 0; i < DIGESTS; i++) {
        // Each root has a blob of its own, and shares subtrees with others.
        inUse.put(fixture.put("own " + i), new AtomicInteger());
        LinkFixture.Tree tree = fixture.tree().file("own", "own " + i);
        for (int j = 0; j < 12; j++) {
          tree.file("shared" + i % 10 + "/f" + j, "shared " + i % 10 + " " + j);
          tree.file("all/f" + j, "all " + j);
        }
        roots.add(tree.put());
      }
      TreeReader reader = new TreeReader(source, TreeReader.DEFAULT_CACHE_BYTES);
      CacheLimits limits = new CacheLimits(1L << 30, 300, 10);
      try (Materializer materializer =
              new Materializer(
                  fixture.posix,
                  source,
                  reader,
                  fixture.remover,
                  LinkFixture.THREADS,
                  Materializer.DISK_LINK_LIMIT);
          DirectoryCache cache =
              DirectoryCache.open(
                  fixture.posix,
                  reader,
                  materializer,
                  fixture.remover,
                  folder.resolve("cache"),
                  fixture.options(Mechanism.LINK),
                  limits)) {
        AtomicInteger cancelled = new AtomicInteger();
        List<Callable<Void>> users = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
          Random random = new Random(thread);
          users.add(
              () -> {
                for (int round = 0; round < ROUNDS; round++) {
                  use(cache, roots, random, cancelled);
                }
                return null;
              });
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
          for (Future<Void> user : threads.invokeAll(users)) {
            user.get();
          }
        }
        CacheStats stats = cache.stats();
        assertThat(source.doubles().get()).as("digests built twice at a time").isZero();
        assertThat(stats.evictions()).isPositive();
        assertThat(stats.hits()).isPositive();
        assertThat(stats.damages()).isZero();
        assertThat(stats.entries()).as("limit when idle").isLessThanOrEqualTo(300);
        assertThat(cancelled.get()).isPositive();
        cache.clear();
        assertThat(cache.stats().trees()).isZero();
      }
      for (Digest blob : inUse.keySet()) {
        Path file = fixture.store.locate(blob, false);
        assertThat(fixture.stat(file).nlink()).isEqualTo(1);
        assertThat(fixture.mode(file)).isEqualTo(0444);
        assertThat(fixture.put(Files.readString(file))).isEqualTo(blob);
      }
      assertThat(folder.resolve("cache/trees")).isEmptyDirectory();
    }
  }

  private static void use(
      DirectoryCache cache, List<Digest> roots, Random random, AtomicInteger cancelled)
      throws IOException {
    int i = (int) Math.min(DIGESTS - 1, Math.abs(random.nextGaussian()) * 60);
    boolean cancel = random.nextInt(10) == 0;
    if (cancel) {
      Thread.currentThread().interrupt();
    }
    try (Pin pin = cache.pin(roots.get(i))) {
      for (int look = 0; look < 3; look++) {
        assertThat(pin.path().resolve("own")).hasContent("own " + i);
        assertThat(pin.joints()).hasSize(2);
        for (Pin.Joint joint : pin.joints()) {
          assertThat(joint.tree().resolve("f11")).exists();
        }
        LockSupport.parkNanos(random.nextInt(300_000));
      }
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      assertThat(cancel).isTrue();
      cancelled.incrementAndGet();
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void invariant17_kill_atAnyMoment_leavesNoWrongTreeAndNoOrphan() throws Exception {
    int kills = Integer.getInteger("inputfs.test.kills", 8);
    List<Digest> roots = new ArrayList<>();
    try (LinkFixture fixture = new LinkFixture(folder)) {
      for (int i = 0; i < 30; i++) {
        LinkFixture.Tree tree = fixture.tree().file("own", "own " + i);
        for (int j = 0; j < 40; j++) {
          tree.file("d" + j % 4 + "/e" + (i + j) % 5 + "/f" + j, "content " + (i + j) % 50);
        }
        roots.add(tree.put());
      }
    }
    Path list = folder.resolve("roots");
    Files.writeString(list, String.join("\n", roots.stream().map(Digest::toString).toList()));
    Random random = new Random(4);
    for (int kill = 0; kill < kills; kill++) {
      Process process =
          new ProcessBuilder(
                  ProcessHandle.current().info().command().orElseThrow(),
                  "--enable-native-access=ALL-UNNAMED",
                  "--sun-misc-unsafe-memory-access=allow",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  UseCache.class.getName(),
                  folder.toString())
              .redirectErrorStream(true)
              .start();
      // It says so when it begins; from then on it is killed at a random moment.
      assertThat(process.inputReader().readLine()).isEqualTo("ready");
      Thread.sleep(random.nextInt(300));
      process.destroyForcibly().waitFor();
    }
    try (LinkFixture fixture = new LinkFixture(folder)) {
      try (DirectoryCache cache = UseCache.open(fixture, folder)) {
        assertThat(cache.verify()).isEmpty();
        for (int i = 0; i < roots.size(); i++) {
          try (Pin pin = cache.pin(roots.get(i))) {
            assertThat(pin.path().resolve("own")).hasContent("own " + i);
          }
        }
        assertThat(cache.verify()).isEmpty();
        assertThat(cache.stats().damages()).isZero();
        cache.clear();
      }
      try (var left = Files.list(folder.resolve("cache"))) {
        assertThat(left.map(path -> path.getFileName().toString()).toList())
            .containsExactlyInAnyOrder("trees", "marks");
      }
      assertThat(folder.resolve("cache/trees")).isEmptyDirectory();
      assertThat(folder.resolve("cache/marks")).isEmptyDirectory();
      try (var blobs = Files.walk(folder.resolve("store/cas"))) {
        for (Path blob : blobs.filter(Files::isRegularFile).toList()) {
          assertThat(fixture.stat(blob).nlink()).as(blob.toString()).isEqualTo(1);
        }
      }
    }
  }
}
