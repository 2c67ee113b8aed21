package build.inputfs.cas.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.remote.RemoteException;
import build.inputfs.cas.remote.RemoteOptions;
import build.inputfs.cas.remote.RemoteTarget;
import build.inputfs.cas.remote.testserver.DelayRelay;
import build.inputfs.cas.remote.testserver.Fault;
import build.inputfs.cas.remote.testserver.ReapiServer;
import build.inputfs.cas.remote.testserver.Rpc;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Fetching from a real server at some distance. */
@Timeout(300)
final class RemoteFetchTest {
  private static final Posix POSIX = Posix.load();

  /** For a server that hangs: it is told soon. */
  private static final RemoteOptions.Timing QUICK =
      new RemoteOptions.Timing(
          Duration.ofMillis(500),
          Duration.ofSeconds(2),
          3,
          Duration.ofMillis(5),
          Duration.ofMillis(20),
          Duration.ofSeconds(10));

  @TempDir private Path folder;
  private ReapiServer server;
  private DelayRelay relay;
  private RemoteCas remote;
  private LocalStore store;
  private FetchingSource source;

  @BeforeEach
  void open() throws IOException {
    server = ReapiServer.start();
    relay = new DelayRelay(server.port(), Duration.ofMillis(10));
    store =
        LocalStore.open(
            folder.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolve("own"),
            POSIX);
    connect(RemoteOptions.Timing.USUAL, FetchOptions.USUAL.patience());
  }

  private void connect(RemoteOptions.Timing timing, Duration patience) throws IOException {
    remote =
        RemoteCas.open(
            RemoteOptions.of(
                    RemoteTarget.parse("grpc://127.0.0.1:" + relay.port()),
                    new RemoteOptions.Tool("test", "1"))
                .with(timing),
            DigestFunction.SHA256);
    source = new FetchingSource(store, remote, FetchOptions.USUAL.withPatience(patience));
  }

  /** The same with other times. */
  private void reconnect(RemoteOptions.Timing timing, Duration patience) throws IOException {
    source.close();
    remote.close();
    connect(timing, patience);
  }

  /**
   * What comes of it when it is tried again and again, as a machine with other things to do may be
   * too late for the short times of a test.
   */
  private static <V> V eventually(Callable<V> attempt) throws Exception {
    long start = System.nanoTime();
    while (true) {
      try {
        return attempt.call();
      } catch (RemoteException e) {
        if (System.nanoTime() - start > TimeUnit.MINUTES.toNanos(1)) {
          throw e;
        }
      }
    }
  }

  @AfterEach
  void close() throws IOException {
    relay.hang(false);
    source.close();
    store.close();
    remote.close();
    relay.close();
    server.close();
  }

  private static byte[] bytes(int size, int seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  @Test
  void manyAtOnce_takeFewCalls() throws Exception {
    List<byte[]> contents = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      contents.add(bytes(1000 + i, i));
      server.put(contents.get(i));
    }
    try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
      // However slowly they begin, all of them wait before the first gets an answer.
      relay.hang(true);
      List<Future<Path>> paths = new ArrayList<>();
      for (byte[] content : contents) {
        Digest digest = DigestFunction.SHA256.digest(content);
        paths.add(readers.submit(() -> source.locate(digest, false)));
      }
      while (wanted() < contents.size()) {
        Thread.sleep(1);
      }
      relay.hang(false);
      for (int i = 0; i < paths.size(); i++) {
        assertThat(paths.get(i).get()).hasBinaryContent(contents.get(i));
      }
    }
    assertThat(server.seen(Rpc.BATCH_READ)).hasSizeLessThan(64);
  }

  /** How many blobs somebody has asked for so far. */
  private long wanted() {
    List<Reading> readings = new ArrayList<>();
    source.meter(readings::add);
    return readings.stream()
        .filter(each -> each.name().equals("fetch_wanted"))
        .mapToLong(Reading::value)
        .sum();
  }

  @Test
  void largeBlob_comesWholeAndRight() throws IOException {
    byte[] content = bytes(20 << 20, 1);
    assertThat(source.locate(server.put(content), false)).hasBinaryContent(content);
  }

  @Test
  void unknownTree_comesInOneCallWhetherOrNotTheServerKnowsIt() throws IOException {
    for (boolean knows : new boolean[] {true, false}) {
      if (!knows) {
        server.lacks(Rpc.GET_TREE);
      }
      Digest digest = server.put(Directory.getDefaultInstance().toByteArray());
      for (int i = 0; i < 10; i++) {
        digest =
            server.put(
                Directory.newBuilder()
                    .addDirectories(
                        DirectoryNode.newBuilder()
                            .setName("d" + i + knows)
                            .setDigest(Digests.toProto(digest)))
                    .build()
                    .toByteArray());
      }
      TreeReader trees = new TreeReader(source, 1 << 20);
      InputDirectory directory = trees.directory(digest);
      int depth = 0;
      for (; directory.size() > 0; depth++) {
        directory = trees.directory(directory.digest(0));
      }
      assertThat(depth).isEqualTo(10);
    }
    assertThat(server.seen(Rpc.GET_TREE)).hasSizeLessThanOrEqualTo(2);
  }

  @Test
  void missingBlob_isNamed() {
    Digest digest = DigestFunction.SHA256.digest(bytes(10, 2));
    assertThatThrownBy(() -> source.locate(digest, false))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageContaining("missing blob blobs/" + digest);
  }

  @Test
  void hungServer_isToldInTimeAndWorksAgainLater() throws Exception {
    reconnect(QUICK, Duration.ofSeconds(4));
    byte[] small = bytes(100, 3);
    byte[] large = bytes(5 << 20, 4);
    server.put(small);
    server.put(large);
    Digest first = server.put(bytes(50, 5));
    assertThat(eventually(() -> source.locate(first, false))).exists();
    relay.hang(true);
    for (byte[] content : List.of(small, large)) {
      Digest digest = DigestFunction.SHA256.digest(content);
      assertThatThrownBy(() -> source.locate(digest, false))
          .isInstanceOf(RemoteException.class)
          .hasMessageContaining(digest.toString());
    }
    relay.hang(false);
    Digest digest = DigestFunction.SHA256.digest(large);
    assertThat(eventually(() -> source.locate(digest, false))).hasBinaryContent(large);
  }

  @Test
  void tricklingBlob_isGivenUp() throws Exception {
    reconnect(RemoteOptions.Timing.USUAL, Duration.ofSeconds(1));
    byte[] content = bytes(5 << 20, 6);
    Digest digest = server.put(content);
    server.choose(rpc -> rpc == Rpc.READ ? new Fault.Trickles(Duration.ofMillis(100)) : null);

    assertThatThrownBy(() -> source.locate(digest, false, 0, 4096, cause -> {}))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("remote unavailable " + remote.name())
        .hasMessageContaining("blobs/" + digest);

    while (source.isArriving(digest)) {
      Thread.onSpinWait(); // the call is given up too, not only waiting for it
    }
    server.choose(rpc -> null);
    assertThat(eventually(() -> source.locate(digest, false))).hasBinaryContent(content);
  }

  @Test
  void tricklingTree_isReadByItsDirectoriesInTheEnd() throws Exception {
    reconnect(RemoteOptions.Timing.USUAL, Duration.ofSeconds(1));
    Digest digest = chain(server, 60);
    server.choose(rpc -> rpc == Rpc.GET_TREE ? new Fault.Trickles(Duration.ofMillis(200)) : null);
    TreeReader trees = new TreeReader(source, 1 << 20);
    InputDirectory directory = eventually(() -> trees.directory(digest));
    while (directory.size() > 0) {
      Digest next = directory.digest(0);
      directory = eventually(() -> trees.directory(next));
    }
    assertThat(server.seen(Rpc.BATCH_READ)).hasSizeGreaterThan(10);
  }

  @Test
  void cutConnections_areNoHarm() throws IOException {
    for (int i = 0; i < 5; i++) {
      byte[] content = bytes(3 << 20, 100 + i);
      Digest digest = server.put(content);
      Thread cutter = Thread.ofVirtual().start(relay::cut);
      assertThat(source.locate(digest, false)).hasBinaryContent(content);
      while (cutter.isAlive()) {
        Thread.onSpinWait();
      }
    }
  }

  /** Puts directories of which each holds the next, and returns the digest of the first. */
  static Digest chain(ReapiServer server, int depth) throws IOException {
    Digest digest = server.put(Directory.getDefaultInstance().toByteArray());
    for (int i = 0; i < depth; i++) {
      digest =
          server.put(
              Directory.newBuilder()
                  .addDirectories(
                      DirectoryNode.newBuilder()
                          .setName("d" + i)
                          .setDigest(Digests.toProto(digest)))
                  .build()
                  .toByteArray());
    }
    return digest;
  }
}
