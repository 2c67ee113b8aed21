package build.inputfs.cas.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.life.StoreCheck;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.remote.RemoteException;
import build.inputfs.cas.remote.RemoteOptions;
import build.inputfs.cas.remote.RemoteTarget;
import build.inputfs.cas.remote.testserver.DelayRelay;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fetching from a server at which anything goes wrong, at random: whoever asks gets what the digest
 * names, or is told with that digest that he does not, in time; and the store is never harmed.
 *
 * <p>{@code -Dinputfs.faults.runs=1000} has it do more, {@code -Dinputfs.faults.seed} something
 * else, {@code -Dinputfs.faults.together} more at the same time: most of a run is waiting.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
final class RandomFaultsTest {
  private static final int RUNS = Integer.getInteger("inputfs.faults.runs", 24);
  private static final int TOGETHER = Integer.getInteger("inputfs.faults.together", 8);
  private static final long SEED = Long.getLong("inputfs.faults.seed", 20261122);
  private static final int FILES = 24;
  private static final int READERS = 6;

  /** Longer than any single wait may be, on a machine that does other things too. */
  private static final long IN_TIME_SECONDS = 60;

  private static final Duration PATIENCE = Duration.ofMillis(2500);

  private static final RemoteOptions.Timing TIMING =
      new RemoteOptions.Timing(
          Duration.ofMillis(500),
          Duration.ofMillis(1600),
          3,
          Duration.ofMillis(2),
          Duration.ofMillis(10),
          Duration.ofSeconds(10));

  /** What is larger is streamed, and can be read while it arrives. */
  private static final int BATCH_BYTES = 1 << 16;

  @TempDir Path folder;

  private final Map<Digest, byte[]> contents = new HashMap<>();
  private final Set<Digest> files = new HashSet<>();

  /** It tells of every call that is broken off, at length. */
  private final Logger grpc = Logger.getLogger("io.grpc");

  private final @Nullable Level usual = grpc.getLevel();

  @BeforeEach
  void quieten() {
    grpc.setLevel(Level.OFF);
  }

  @AfterEach
  void restore() {
    grpc.setLevel(usual);
  }

  @Test
  void whateverGoesWrong_nobodyGetsWrongBytesOrWaitsForEver() throws Exception {
    Digest root = tree();
    AtomicInteger next = new AtomicInteger();
    Told told = new Told();
    try (ExecutorService workers = Executors.newFixedThreadPool(TOGETHER)) {
      List<Future<?>> working = new ArrayList<>();
      for (int worker = 0; worker < TOGETHER; worker++) {
        Path place = folder.resolve("worker-" + worker);
        working.add(
            workers.submit(
                () -> {
                  work(place, root, next, told);
                  return null;
                }));
      }
      AssertionError failure = new AssertionError("some runs have failed");
      for (Future<?> each : working) {
        try {
          var _ = each.get();
        } catch (ExecutionException e) {
          failure.addSuppressed(e);
        }
      }
      if (failure.getSuppressed().length > 0) {
        throw failure;
      }
    }
    System.out.printf("%d runs from seed %d: %s%n", RUNS, SEED, told);
    assertThat(told.failed.sum()).isPositive();
    assertThat(told.read.sum()).isPositive();
  }

  /** What readers were told, all in all. Thread-safe. */
  private static final class Told {
    final LongAdder read = new LongAdder();
    final LongAdder failed = new LongAdder();
    final LongAdder withdrawn = new LongAdder();

    @Override
    public String toString() {
      return "%s blobs read, %s refused by name, %s given out early and taken back"
          .formatted(read, failed, withdrawn);
    }
  }

  /** Does one run after another, with a server of its own. */
  private void work(Path place, Digest root, AtomicInteger next, Told told) throws Exception {
    try (ReapiServer server = ReapiServer.start();
        DelayRelay relay = new DelayRelay(server.port(), Duration.ZERO)) {
      server.record(false);
      for (byte[] content : contents.values()) {
        var _ = server.put(content);
      }
      for (int run = next.getAndIncrement(); run < RUNS; run = next.getAndIncrement()) {
        Files.createDirectory(place);
        run(place, server, relay, root, SEED + run, told);
        delete(place);
      }
    }
  }

  private void run(
      Path place, ReapiServer server, DelayRelay relay, Digest root, long seed, Told told)
      throws Exception {
    Random random = new Random(seed);
    String what = "seed " + seed;
    RemoteOptions options =
        RemoteOptions.of(
                RemoteTarget.parse("grpc://localhost:" + relay.port()),
                new RemoteOptions.Tool("faults", "1"))
            .with(TIMING);
    FaultyServer faulty = new FaultyServer(server, relay, contents, random);
    try (LocalStore store = open(place);
        RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      List<Early> early = Collections.synchronizedList(new ArrayList<>());
      faulty.begin();
      try (FetchingSource source = open(store, remote, PATIENCE)) {
        readAll(new Reader(source, early, told, what), root, random);
      } finally {
        faulty.end();
      }
      for (Early each : early) {
        assertThat(each.wrong && !each.withdrawn).as("%s: %s", what, each.digest).isFalse();
      }
      told.withdrawn.add(early.stream().filter(each -> each.withdrawn).count());
      // Nothing of what went wrong is left.
      assertThat(new StoreCheck(Posix.load(), store, 2, _ -> {}).run()).as(what).isEmpty();
      try (FetchingSource source = open(store, remote, FetchOptions.USUAL.patience())) {
        for (Map.Entry<Digest, byte[]> blob : contents.entrySet()) {
          assertThat(eventually(source, blob.getKey())).as(what).hasBinaryContent(blob.getValue());
        }
      }
      assertThat(new StoreCheck(Posix.load(), store, 2, _ -> {}).run()).as(what).isEmpty();
    }
  }

  /**
   * What a source gives when nothing is wrong any more. On a busy machine a call may still be too
   * late, and a connection that was cut has to be made anew: whoever asks again has it tried again.
   */
  private static Path eventually(FetchingSource source, Digest digest) throws Exception {
    long start = System.nanoTime();
    while (true) {
      try {
        return source.locate(digest, false);
      } catch (RemoteException e) {
        if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(IN_TIME_SECONDS)) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(20);
      }
    }
  }

  /** Has several read all blobs, each in an order of his own, some ahead of whom all is fetched. */
  private void readAll(Reader reader, Digest root, Random random) throws Exception {
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> reading = new ArrayList<>();
      if (random.nextBoolean()) {
        reading.add(readers.submit(() -> reader.fetchTree(root)));
      }
      for (int one = 0; one < READERS; one++) {
        List<Digest> order = new ArrayList<>(contents.keySet());
        Collections.sort(order);
        Collections.shuffle(order, random);
        for (Digest digest : order) {
          long from = (long) (digest.size() * random.nextDouble());
          boolean part = random.nextBoolean();
          reading.add(
              readers.submit(
                  () -> {
                    reader.read(digest, part, from);
                    return null;
                  }));
        }
      }
      for (Future<?> each : reading) {
        var _ = each.get(IN_TIME_SECONDS, TimeUnit.SECONDS);
      }
    }
  }

  /** Bytes that were given out before it was known that the whole is right. */
  private static final class Early implements BlobSource.Watcher {
    final Digest digest;
    volatile boolean wrong;
    volatile boolean withdrawn;

    Early(Digest digest) {
      this.digest = digest;
    }

    @Override
    public void failed(IOException cause) {
      withdrawn = true;
    }
  }

  /** Reads blobs by way of a store, and looks what came. Thread-safe. */
  private final class Reader {
    private static final int PART = 10_000;

    private final FetchingSource source;
    private final List<Early> early;
    private final Told told;
    private final String what;

    Reader(FetchingSource source, List<Early> early, Told told, String what) {
      this.source = source;
      this.early = early;
      this.told = told;
      this.what = what;
    }

    FetchedTree fetchTree(Digest root) throws IOException {
      FetchedTree fetched = source.fetchTree(root);
      for (IOException failure : fetched.failures()) {
        assertThat(failure.getMessage())
            .as(what)
            .containsAnyOf(contents.keySet().stream().map(Digest::toString).toArray(String[]::new));
      }
      return fetched;
    }

    void read(Digest digest, boolean part, long from) throws IOException {
      byte[] content = contents.getOrDefault(digest, new byte[0]);
      try {
        if (!files.contains(digest)) {
          assertThat(source.readDirectory(digest, 1 << 20)).as(what).isEqualTo(content);
        } else if (part) {
          readPart(digest, content, (int) from);
        } else {
          assertThat(source.locate(digest, false)).as(what).hasBinaryContent(content);
        }
        told.read.increment();
      } catch (IOException e) {
        assertThat(e.getMessage()).as(what).contains(digest.toString());
        told.failed.increment();
      }
    }

    private void readPart(Digest digest, byte[] content, int from) throws IOException {
      int end = Math.min(content.length, from + PART);
      Early mine = new Early(digest);
      while (true) {
        BlobSource.Located located = source.locate(digest, false, from, PART, mine);
        byte[] read = new byte[end - from];
        try (RandomAccessFile file = new RandomAccessFile(located.path().toFile(), "r")) {
          file.seek(from);
          file.readFully(read);
        } catch (FileNotFoundException e) {
          continue; // it was published, or has failed, since it was located
        }
        boolean right = Arrays.equals(read, 0, read.length, content, from, end);
        if (located.verified()) {
          assertThat(right).as(what).isTrue();
        } else {
          mine.wrong = !right;
          early.add(mine);
        }
        return;
      }
    }
  }

  /** A tree: small and large files, in directories below each other. */
  private Digest tree() {
    Random random = new Random(SEED);
    Digest directory = null;
    for (int i = 0; i < FILES; i++) {
      byte[] content = new byte[i % 8 == 7 ? 300_000 + i : 1 + random.nextInt(5000)];
      random.nextBytes(content);
      Digest file = add(content);
      files.add(file);
      Directory.Builder message =
          Directory.newBuilder()
              .addFiles(FileNode.newBuilder().setName("f").setDigest(Digests.toProto(file)));
      if (directory != null && i % 3 != 0) {
        message.addDirectories(
            DirectoryNode.newBuilder().setName("d").setDigest(Digests.toProto(directory)));
      }
      directory = add(message.build().toByteArray());
    }
    return java.util.Objects.requireNonNull(directory);
  }

  private Digest add(byte[] content) {
    Digest digest = DigestFunction.SHA256.digest(content);
    contents.put(digest, content);
    return digest;
  }

  private static FetchingSource open(LocalStore store, RemoteCas remote, Duration patience) {
    FetchOptions usual = FetchOptions.USUAL;
    return new FetchingSource(
        store,
        remote,
        new FetchOptions(
            usual.calls(),
            usual.bytes(),
            usual.backgroundBytes(),
            usual.prefetchBytes(),
            BATCH_BYTES,
            usual.window(),
            patience));
  }

  private static LocalStore open(Path place) throws IOException {
    return LocalStore.open(
        place.resolve("store"),
        DigestFunction.SHA256,
        StoreAccess.READ_WRITE,
        place.resolve("own"),
        Posix.load());
  }

  private static void delete(Path place) throws IOException {
    try (var paths = Files.walk(place)) {
      for (Path path : paths.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
