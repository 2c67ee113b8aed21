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
import build.inputfs.cas.remote.RemoteOptions;
import build.inputfs.cas.remote.RemoteTarget;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Fetching from a server at which anything goes wrong, at random: whoever asks gets what the digest
 * names, or is told with that digest that he does not, in time; and the store is never harmed.
 *
 * <p>{@code -Dinputfs.faults.runs=1000} has it do more, {@code -Dinputfs.faults.seed} something
 * else.
 */
@Timeout(value = 60, unit = TimeUnit.MINUTES)
final class RandomFaultsTest {
  private static final int RUNS = Integer.getInteger("inputfs.faults.runs", 8);
  private static final long SEED = Long.getLong("inputfs.faults.seed", 20261122);
  private static final int FILES = 24;
  private static final int READERS = 6;

  /** Longer than any single wait may be, on a machine that does other things too. */
  private static final long IN_TIME_SECONDS = 30;

  private static final Duration PATIENCE = Duration.ofMillis(800);

  private static final RemoteOptions.Timing TIMING =
      new RemoteOptions.Timing(
          Duration.ofMillis(150),
          Duration.ofMillis(500),
          3,
          Duration.ofMillis(2),
          Duration.ofMillis(10),
          Duration.ofSeconds(10));

  private static final List<Status.Code> CODES =
      List.of(
          Status.Code.UNAVAILABLE,
          Status.Code.NOT_FOUND,
          Status.Code.INTERNAL,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.RESOURCE_EXHAUSTED,
          Status.Code.DATA_LOSS,
          Status.Code.PERMISSION_DENIED,
          Status.Code.CANCELLED);

  @TempDir Path folder;

  private final Map<Digest, byte[]> contents = new HashMap<>();
  private final List<Digest> files = new ArrayList<>();

  @Test
  void whateverGoesWrong_nobodyGetsWrongBytesOrWaitsForEver() throws Exception {
    try (ReapiServer server = ReapiServer.start()) {
      server.record(false);
      server.habits(server.habits().withChunk(1 << 14));
      Digest root = fill(server);
      for (int run = 0; run < RUNS; run++) {
        run(server, root, SEED + run);
      }
    }
  }

  private void run(ReapiServer server, Digest root, long seed) throws Exception {
    Random random = new Random(seed);
    String what = "seed " + seed;
    Path place = Files.createDirectory(folder.resolve("run"));
    RemoteOptions options =
        RemoteOptions.of(
                RemoteTarget.parse(server.address()), new RemoteOptions.Tool("faults", "1"))
            .with(TIMING);
    server.lacks(lacking(random));
    server.offer(
        random.nextBoolean() ? ReapiServer.Offer.USUAL : ReapiServer.Offer.USUAL.compressed());
    server.choose(chooser(random.nextLong(), random.nextInt(60)));
    try (LocalStore store = open(place);
        RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256)) {
      try (FetchingSource source = open(store, remote, PATIENCE)) {
        readAll(source, root, random, what);
      }
      server.lacks();
      server.choose(_ -> null);
      // Nothing of what went wrong is left.
      assertThat(new StoreCheck(Posix.load(), store, 2, _ -> {}).run()).as(what).isEmpty();
      try (FetchingSource source = open(store, remote, FetchOptions.USUAL.patience())) {
        for (Map.Entry<Digest, byte[]> blob : contents.entrySet()) {
          assertThat(source.locate(blob.getKey(), false))
              .as(what)
              .hasBinaryContent(blob.getValue());
        }
      }
      assertThat(new StoreCheck(Posix.load(), store, 2, _ -> {}).run()).as(what).isEmpty();
    }
    delete(place);
  }

  /** Has several read all blobs, each in an order of his own, some ahead of whom all is fetched. */
  private void readAll(FetchingSource source, Digest root, Random random, String what)
      throws Exception {
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> reading = new ArrayList<>();
      if (random.nextBoolean()) {
        reading.add(readers.submit(() -> source.fetchTree(root)));
      }
      for (int reader = 0; reader < READERS; reader++) {
        List<Digest> order = new ArrayList<>(contents.keySet());
        Collections.sort(order);
        Collections.shuffle(order, random);
        for (Digest digest : order) {
          reading.add(readers.submit(() -> read(source, digest, what)));
        }
      }
      for (Future<?> each : reading) {
        var _ = each.get(IN_TIME_SECONDS, TimeUnit.SECONDS);
      }
    }
  }

  private @Nullable Void read(FetchingSource source, Digest digest, String what) {
    byte[] content = contents.getOrDefault(digest, new byte[0]);
    try {
      if (files.contains(digest)) {
        assertThat(source.locate(digest, false)).as(what).hasBinaryContent(content);
      } else {
        assertThat(source.readDirectory(digest, 1 << 20)).as(what).isEqualTo(content);
      }
    } catch (IOException e) {
      // What a server can do is asked for no blob in particular.
      assertThat(e.getMessage()).as(what).containsAnyOf(digest.hex(), "asking what it can do");
    }
    return null;
  }

  private static Rpc[] lacking(Random random) {
    List<Rpc> lacking = new ArrayList<>();
    if (random.nextInt(3) == 0) {
      lacking.add(Rpc.GET_TREE);
    }
    if (random.nextInt(4) == 0) {
      lacking.add(Rpc.BATCH_READ);
    }
    return lacking.toArray(Rpc[]::new);
  }

  /** Chooses a fault for so many calls of a hundred. */
  private static java.util.function.Function<Rpc, @Nullable Fault> chooser(long seed, int share) {
    Random random = new Random(seed);
    return _ -> {
      synchronized (random) {
        return random.nextInt(100) < share ? fault(random) : null;
      }
    };
  }

  private static Fault fault(Random random) {
    long bytes = random.nextInt(1 << random.nextInt(1, 19));
    return switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> new Fault.Fails(CODES.get(random.nextInt(CODES.size())), bytes);
      case 4 -> new Fault.Hangs(bytes);
      case 5, 6 -> new Fault.EndsEarly(bytes);
      case 7, 8 -> new Fault.Corrupts(bytes);
      case 9 -> new Fault.Adds(1 + random.nextInt(100));
      default -> new Fault.Waits(Duration.ofMillis(random.nextInt(100)));
    };
  }

  /** Puts a tree on the server: small and large files, in directories below each other. */
  private Digest fill(ReapiServer server) throws IOException {
    Random random = new Random(SEED);
    Digest directory = null;
    for (int i = 0; i < FILES; i++) {
      byte[] content = new byte[i % 8 == 7 ? 300_000 + i : 1 + random.nextInt(5000)];
      random.nextBytes(content);
      Digest file = put(server, content);
      files.add(file);
      Directory.Builder message =
          Directory.newBuilder()
              .addFiles(FileNode.newBuilder().setName("f").setDigest(Digests.toProto(file)));
      if (directory != null && i % 3 != 0) {
        message.addDirectories(
            DirectoryNode.newBuilder().setName("d").setDigest(Digests.toProto(directory)));
      }
      directory = put(server, message.build().toByteArray());
    }
    return java.util.Objects.requireNonNull(directory);
  }

  private Digest put(ReapiServer server, byte[] content) throws IOException {
    Digest digest = server.put(content);
    contents.put(digest, content);
    return digest;
  }

  private static FetchingSource open(LocalStore store, RemoteCas remote, Duration patience) {
    return new FetchingSource(store, remote, FetchOptions.USUAL.withPatience(patience));
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
