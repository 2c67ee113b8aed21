package build.inputfs.cas.fetch;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.BatchReadBlobsRequest;
import build.inputfs.cas.proto.BatchReadBlobsResponse;
import build.inputfs.cas.proto.ContentAddressableStorageGrpc;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.remote.RemoteOptions;
import build.inputfs.cas.remote.RemoteTarget;
import build.inputfs.cas.remote.testserver.DelayRelay;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/**
 * How long cold blobs take from a server at a distance: a program, not a test. It prints the median
 * of several rounds, each with a store of its own; the first is not counted. All stores are deleted
 * at the end: ext4 without a journal is slow in making files while some have just been deleted.
 * Arguments: an empty folder, how many rounds, and what to measure: {@code files}, {@code chain},
 * {@code tree} and {@code large}, a file of 1 GB; without any, all but the last.
 */
final class FetchBenchmark {
  private static final Posix POSIX = Posix.load();

  private final Path folder;
  private final int rounds;
  private final ReapiServer server = ReapiServer.start();
  private final DelayRelay relay = new DelayRelay(server.port(), Duration.ZERO);
  private int stores;

  private FetchBenchmark(Path folder, int rounds) throws IOException {
    this.folder = folder;
    this.rounds = rounds;
    server.record(false);
  }

  public static void main(String[] arguments) throws Exception {
    FetchBenchmark benchmark =
        new FetchBenchmark(Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    List<String> parts =
        arguments.length > 2
            ? List.of(arguments).subList(2, arguments.length)
            : List.of("files", "chain", "tree");
    for (String part : parts) {
      switch (part) {
        case "files" -> benchmark.manyFiles();
        case "chain" -> benchmark.chain();
        case "tree" -> benchmark.wholeTree();
        case "large" -> benchmark.largeFile();
        default -> throw new IllegalArgumentException(part);
      }
    }
    benchmark.relay.close();
    benchmark.server.close();
    delete(benchmark.folder);
  }

  /** One round: what is measured is what {@link #run} does with a cold store. */
  private interface Round {
    double run(FetchingSource source) throws Exception;
  }

  private void measure(String what, int roundTripMillis, int count, Round round) throws Exception {
    double[] times = new double[count];
    for (int i = -1; i < count; i++) {
      relay.setRoundTrip(Duration.ofMillis(roundTripMillis));
      Path root = folder.resolve("store-" + stores++);
      RemoteOptions options =
          RemoteOptions.of(
              RemoteTarget.parse("grpc://127.0.0.1:" + relay.port()),
              new RemoteOptions.Tool("inputfs-benchmark", "0"));
      try (RemoteCas remote = RemoteCas.open(options, DigestFunction.SHA256);
          LocalStore store =
              LocalStore.open(
                  root,
                  DigestFunction.SHA256,
                  StoreAccess.READ_WRITE,
                  folder.resolve("own"),
                  POSIX);
          FetchingSource source = new FetchingSource(store, remote, FetchOptions.USUAL)) {
        connect(source);
        double time = round.run(source);
        if (i >= 0) {
          times[i] = time;
        }
      }
    }
    tell("%-48s rtt %2d ms".formatted(what, roundTripMillis), times);
  }

  private static void tell(String what, double[] times) {
    Arrays.sort(times);
    System.out.printf(
        "%-60s: median %.1f ms, best %.1f, worst %.1f%n",
        what, times[times.length / 2], times[0], times[times.length - 1]);
  }

  /** Opens the connections, as any process does once. */
  private void connect(FetchingSource source) throws Exception {
    for (int i = 0; i < 4; i++) {
      byte[] content = bytes(10, 77_000 + i);
      server.put(content);
      source.read(DigestFunction.SHA256.digest(content), 100);
    }
  }

  private static byte[] bytes(int size, int seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private void manyFiles() throws Exception {
    List<Digest> digests = new ArrayList<>();
    Random sizes = new Random(1);
    for (int i = 0; i < 256; i++) {
      digests.add(server.put(bytes(500 + sizes.nextInt(19_000), i)));
    }
    for (int roundTrip : new int[] {5, 25}) {
      measure(
          "256 cold files wanted at once",
          roundTrip,
          rounds,
          source -> {
            try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
              long start = System.nanoTime();
              List<Future<?>> all = new ArrayList<>();
              for (Digest digest : digests) {
                all.add(readers.submit(() -> read(source, digest)));
              }
              for (Future<?> one : all) {
                one.get();
              }
              return (System.nanoTime() - start) / 1e6;
            }
          });
    }
  }

  /** Reads all of a file as a view does. */
  private static int read(FetchingSource source, Digest digest) throws IOException {
    return readBytes(source, digest, 0, (int) digest.size());
  }

  private static int readBytes(FetchingSource source, Digest digest, long offset, int length)
      throws IOException {
    while (true) {
      Path path = source.locate(digest, false, offset, length, cause -> {}).path();
      try (FileChannel channel = FileChannel.open(path)) {
        ByteBuffer buffer = ByteBuffer.allocate(length);
        while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {}
        return buffer.position();
      } catch (java.nio.file.NoSuchFileException e) {
        // Published meanwhile.
      }
    }
  }

  private void chain() throws Exception {
    Digest root = RemoteFetchTest.chain(server, 32);
    measure(
        "chain of 32 nested directories",
        25,
        rounds,
        source -> {
          TreeReader trees = new TreeReader(source, 1 << 20);
          long start = System.nanoTime();
          InputDirectory directory = trees.directory(root);
          while (directory.size() > 0) {
            directory = trees.directory(directory.digest(0));
          }
          return (System.nanoTime() - start) / 1e6;
        });
  }

  /** In turn with what the bytes of its files take at least. */
  private void wholeTree() throws Exception {
    Directory.Builder top = Directory.newBuilder();
    Random sizes = new Random(2);
    List<Digest> files = new ArrayList<>();
    long bytes = 0;
    for (int i = 0; i < 220; i++) {
      Directory.Builder directory = Directory.newBuilder();
      for (int j = 0; j < 20; j++) {
        byte[] content = bytes(200 + sizes.nextInt(8000), 10_000 + 20 * i + j);
        bytes += content.length;
        files.add(server.put(content));
        directory.addFiles(
            FileNode.newBuilder()
                .setName("file-%02d".formatted(j))
                .setDigest(Digests.toProto(files.getLast())));
      }
      top.addDirectories(
          DirectoryNode.newBuilder()
              .setName("d-%03d".formatted(i))
              .setDigest(Digests.toProto(server.put(directory.build().toByteArray()))));
    }
    Digest root = server.put(top.build().toByteArray());
    for (int again = 0; again < 2; again++) {
      for (int roundTrip : new int[] {0, 5, 25}) {
        measure(
            "4,400 files prefetched, %.1f MB".formatted(bytes / 1e6),
            roundTrip,
            rounds,
            source -> {
              long start = System.nanoTime();
              FetchedTree tree = source.fetchTree(root);
              double time = (System.nanoTime() - start) / 1e6;
              if (tree.fetched() != 4400 || !tree.failures().isEmpty()) {
                throw new IllegalStateException(tree.toString());
              }
              return time;
            });
        bareFiles(files, roundTrip);
      }
    }
  }

  /**
   * The same files by bare stubs, without the directories: batches of a megabyte, all asked for at
   * once, each blob hashed, written to a file and renamed; nothing is flushed.
   */
  private void bareFiles(List<Digest> files, int roundTripMillis) throws Exception {
    List<BatchReadBlobsRequest> batches = new ArrayList<>();
    BatchReadBlobsRequest.Builder batch = BatchReadBlobsRequest.newBuilder();
    long sum = 0;
    for (Digest file : files) {
      batch.addDigests(Digests.toProto(file));
      sum += file.size();
      if (sum >= 1 << 20) {
        batches.add(batch.build());
        batch = BatchReadBlobsRequest.newBuilder();
        sum = 0;
      }
    }
    batches.add(batch.build());
    relay.setRoundTrip(Duration.ofMillis(roundTripMillis));
    double[] times = new double[rounds];
    for (int i = -1; i < rounds; i++) {
      Path root = folder.resolve("bare-" + stores++);
      Files.createDirectories(root.resolve("tmp"));
      for (int j = 0; j < 256; j++) {
        Files.createDirectories(root.resolve("%02x".formatted(j)));
      }
      ManagedChannel[] channels = {channel(), channel()};
      for (ManagedChannel channel : channels) {
        var _ =
            ContentAddressableStorageGrpc.newBlockingStub(channel)
                .batchReadBlobs(BatchReadBlobsRequest.getDefaultInstance());
      }
      long start = System.nanoTime();
      try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<?>> all = new ArrayList<>();
        for (int j = 0; j < batches.size(); j++) {
          BatchReadBlobsRequest request = batches.get(j);
          ManagedChannel channel = channels[j % 2];
          all.add(readers.submit(() -> bareBatch(channel, request, root)));
        }
        for (Future<?> one : all) {
          one.get();
        }
      }
      if (i >= 0) {
        times[i] = (System.nanoTime() - start) / 1e6;
      }
      for (ManagedChannel channel : channels) {
        channel.shutdownNow();
      }
    }
    tell(
        "their bytes by bare stubs and loops"
            + " ".repeat(14)
            + "rtt %2d ms".formatted(roundTripMillis),
        times);
  }

  private ManagedChannel channel() {
    return NettyChannelBuilder.forAddress("127.0.0.1", relay.port())
        .usePlaintext()
        .maxInboundMessageSize(8 << 20)
        .flowControlWindow(16 << 20)
        .build();
  }

  private static Path bareBatch(ManagedChannel channel, BatchReadBlobsRequest request, Path root)
      throws IOException {
    for (BatchReadBlobsResponse.Response one :
        ContentAddressableStorageGrpc.newBlockingStub(channel)
            .batchReadBlobs(request)
            .getResponsesList()) {
      String hash = one.getDigest().getHash();
      byte[] content = one.getData().toByteArray();
      if (!DigestFunction.SHA256.digest(content).hex().equals(hash)) {
        throw new IOException("wrong bytes of " + hash);
      }
      Path temporary = root.resolve("tmp").resolve(hash);
      Files.write(temporary, content);
      Files.move(
          temporary,
          root.resolve(hash.substring(0, 2)).resolve(hash),
          StandardCopyOption.ATOMIC_MOVE);
    }
    return root;
  }

  private void largeFile() throws Exception {
    Path file = folder.resolve("large");
    byte[] block = bytes(1 << 20, 3);
    try (OutputStream out = Files.newOutputStream(file)) {
      for (int i = 0; i < 1024; i++) {
        block[0] = (byte) i;
        block[1] = (byte) (i >> 8);
        out.write(block);
      }
    }
    java.security.MessageDigest hasher = DigestFunction.SHA256.newHasher();
    for (int i = 0; i < 1024; i++) {
      block[0] = (byte) i;
      block[1] = (byte) (i >> 8);
      hasher.update(block);
    }
    Digest digest = Digest.of(hasher.digest(), 1L << 30);
    server.put(digest, file);
    measure(
        "first bytes of a file of 1 GB",
        25,
        rounds,
        source -> {
          long start = System.nanoTime();
          readBytes(source, digest, 0, 4096);
          return (System.nanoTime() - start) / 1e6;
        });
    measure(
        "all of a file of 1 GB, into the store",
        0,
        1,
        source -> {
          long start = System.nanoTime();
          source.locate(digest, false);
          return (System.nanoTime() - start) / 1e6;
        });
  }

  private static void delete(Path folder) throws IOException {
    try (Stream<Path> walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
