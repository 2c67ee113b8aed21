package build.inputfs.cas.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.BlobSource.Located;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(300)
final class FetchingSourceTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private final HeapRemote remote = new HeapRemote();
  private final ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor();
  private LocalStore store;
  private FetchingSource source;

  @BeforeEach
  void open() throws IOException {
    store =
        LocalStore.open(
            folder.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            folder.resolve("own"),
            POSIX);
    source = new FetchingSource(store, remote, FetchOptions.USUAL);
  }

  @AfterEach
  void close() throws IOException {
    remote.batchGate.countDown();
    remote.chunkGate.release(1 << 20);
    source.close();
    readers.shutdownNow();
    store.close();
  }

  private void reopen(FetchOptions options) {
    source.close();
    source = new FetchingSource(store, remote, options);
  }

  private static byte[] bytes(int size, int seed) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  private Path blob(Digest digest) {
    return store.files().blobs().path(digest.hex());
  }

  private long counter(String name) {
    List<Reading> readings = new ArrayList<>();
    source.meter(readings::add);
    return readings.stream()
        .filter(each -> each.name().equals(name))
        .mapToLong(Reading::value)
        .sum();
  }

  /** Reads some bytes as a view does: whatever file it is told, and again if that has gone. */
  private byte[] read(Digest digest, long offset, int length) throws IOException {
    while (true) {
      Located located = source.locate(digest, false, offset, length, cause -> {});
      try (FileChannel channel = FileChannel.open(located.path(), StandardOpenOption.READ)) {
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(length, digest.size() - offset));
        while (buffer.hasRemaining() && channel.read(buffer, offset + buffer.position()) >= 0) {}
        return buffer.array();
      } catch (NoSuchFileException e) {
        // It has been published meanwhile.
      }
    }
  }

  @Test
  void locate_whenTheStoreLacksTheBlob_fetchesItIntoTheStore() throws IOException {
    byte[] content = bytes(1000, 1);
    Digest digest = remote.put(content);

    Path path = source.locate(digest, false);

    assertThat(path).isEqualTo(blob(digest)).hasBinaryContent(content);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("r--r--r--");
    assertThat(source.locate(digest, false)).isEqualTo(path);
    assertThat(remote.inBatches()).containsExactly(digest);
  }

  @Test
  void locate_ofAnExecutable_givesItsVariant() throws IOException {
    byte[] content = bytes(1000, 2);

    Path path = source.locate(remote.put(content), true);

    assertThat(path).hasBinaryContent(content);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
        .isEqualTo("r-xr-xr-x");
  }

  @Test
  void locate_ofWhatTheStoreHas_asksNobody() throws IOException {
    Digest digest = store.put(bytes(100, 3));

    assertThat(source.locate(digest, false)).isEqualTo(blob(digest));
    assertThat(source.read(digest, 1000)).hasSize(100);
    assertThat(source.locate(DigestFunction.SHA256.empty(), false)).isEmptyFile();
    assertThat(remote.batches).isEmpty();
    assertThat(source.waitedNanos()).isZero();
  }

  @Test
  void locate_byManyAtOnce_fetchesOnce() throws Exception {
    Digest digest = remote.put(bytes(1000, 4));
    remote.batchGate = new CountDownLatch(1);
    List<Future<Path>> paths = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      paths.add(readers.submit(() -> source.locate(digest, false)));
    }
    while (remote.batches.isEmpty()) {
      Thread.onSpinWait();
    }
    remote.batchGate.countDown();

    for (Future<Path> path : paths) {
      assertThat(path.get()).isEqualTo(blob(digest));
    }
    assertThat(remote.inBatches()).containsExactly(digest);
    assertThat(counter("fetch_blobs")).isEqualTo(1);
  }

  @Test
  void locate_ofManyAtOnce_goesInFewBatchesAndTheFirstAlone() throws Exception {
    List<Digest> digests = new ArrayList<>();
    for (int i = 0; i < 256; i++) {
      digests.add(remote.put(bytes(500, 1000 + i)));
    }
    // With both calls under way, all that come after wait for the first of them to end.
    reopen(
        new FetchOptions(
            2,
            64 << 20,
            16 << 20,
            1 << 30,
            1 << 20,
            Duration.ofMillis(100),
            Duration.ofMinutes(1)));
    remote.batchGate = new CountDownLatch(1);
    List<Future<Path>> paths = new ArrayList<>();
    for (Digest digest : digests) {
      paths.add(readers.submit(() -> source.locate(digest, false)));
    }
    while (remote.batches.size() < 2 || counter("fetch_wanted") < digests.size()) {
      Thread.onSpinWait();
    }
    remote.batchGate.countDown();

    for (Future<Path> path : paths) {
      assertThat(path.get()).exists();
    }
    assertThat(remote.batches.peek()).hasSize(1);
    assertThat(remote.batches).hasSizeLessThanOrEqualTo(4);
    assertThat(remote.inBatches()).containsExactlyInAnyOrderElementsOf(digests);
  }

  @Test
  void locate_whenOneWaiterIsInterrupted_tellsTheOthersTheResult() throws Exception {
    Digest digest = remote.put(bytes(1000, 5));
    remote.batchGate = new CountDownLatch(1);
    Future<Path> first = readers.submit(() -> source.locate(digest, false));
    while (remote.batches.isEmpty()) {
      Thread.onSpinWait();
    }
    ConcurrentLinkedQueue<Throwable> thrown = new ConcurrentLinkedQueue<>();
    Thread second =
        Thread.ofVirtual()
            .start(
                () -> {
                  try {
                    source.locate(digest, false);
                  } catch (IOException e) {
                    thrown.add(e);
                  }
                });
    second.interrupt();
    second.join();
    remote.batchGate.countDown();

    assertThat(first.get()).isEqualTo(blob(digest));
    assertThat(thrown).hasSize(1).first().isInstanceOf(InterruptedIOException.class);
    assertThat(remote.inBatches()).containsExactly(digest);
  }

  @Test
  void locate_whenTheRemoteLacksItToo_saysSoAndAsksAgainNextTime() throws IOException {
    byte[] content = bytes(1000, 6);
    Digest digest = DigestFunction.SHA256.digest(content);

    assertThatThrownBy(() -> source.locate(digest, false))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageContaining("missing blob blobs/" + digest);
    remote.put(content);
    assertThat(source.locate(digest, false)).hasBinaryContent(content);
  }

  @Test
  void locate_whenOtherBytesCome_saysSoAndPublishesNothing() throws IOException {
    byte[] small = bytes(1000, 7);
    byte[] large = bytes(3 << 20, 8);
    remote.damaged = digest -> true;
    for (Digest digest : List.of(remote.put(small), remote.put(large))) {
      assertThatThrownBy(() -> source.locate(digest, false))
          .isInstanceOf(DigestMismatchException.class)
          .hasMessageContaining(digest.toString());
      assertThat(blob(digest)).doesNotExist();
    }
    assertThat(files(store.files().temporaries())).isEmpty();
    assertThat(files(store.root().resolve("cas"))).isEmpty();
    remote.damaged = digest -> false;
    assertThat(source.locate(DigestFunction.SHA256.digest(large), false)).hasBinaryContent(large);
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return List.of();
    }
    try (Stream<Path> walk = Files.walk(folder)) {
      return walk.filter(Files::isRegularFile).toList();
    }
  }

  @Test
  void locate_whenNothingComes_failsWhenPatienceIsOver() throws IOException {
    reopen(FetchOptions.USUAL.withPatience(Duration.ofMillis(200)));
    remote.batchGate = new CountDownLatch(1);
    remote.chunkGate = new Semaphore(1);
    Digest small = remote.put(bytes(1000, 9));
    Digest large = remote.put(bytes(3 << 20, 10));

    for (Digest digest : List.of(small, large)) {
      assertThatThrownBy(() -> source.locate(digest, false))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("remote unavailable " + HeapRemote.NAME)
          .hasMessageContaining("blobs/" + digest);
    }
    assertThat(source.waitedNanos()).isGreaterThanOrEqualTo(400_000_000);
  }

  @Test
  void locate_whenTheRemoteIsBroken_tellsTheCause() {
    remote.broken = new IOException("remote unavailable: nobody answers");
    for (int size : List.of(1000, 3 << 20)) {
      Digest digest = remote.put(bytes(size, size));
      assertThatThrownBy(() -> source.locate(digest, false)).isSameAs(remote.broken);
    }
  }

  @Test
  void locate_whenTheStoreHasAnotherSize_fetchesTheBlobAnew() throws IOException {
    byte[] content = bytes(1000, 11);
    Digest digest = remote.put(content);
    Files.createDirectories(blob(digest).getParent());
    Files.write(blob(digest), new byte[10]);

    assertThat(source.locate(digest, false)).hasBinaryContent(content);
  }

  @Test
  void locateBytes_ofALargeBlob_doesNotWaitForItsEnd() throws Exception {
    byte[] content = bytes(3 << 20, 12);
    Digest digest = remote.put(content);
    remote.chunkGate = new Semaphore(2);

    assertThat(read(digest, 1000, 2000))
        .isEqualTo(java.util.Arrays.copyOfRange(content, 1000, 3000));
    assertThat(source.isArriving(digest)).isTrue();
    assertThat(source.locate(digest, false, 0, 10, cause -> {}).verified()).isFalse();
    assertThat(blob(digest)).doesNotExist();
    Future<byte[]> end = readers.submit(() -> read(digest, content.length - 10, 4096));
    assertThat(end.isDone()).isFalse();
    remote.chunkGate.release(1000);

    assertThat(end.get())
        .isEqualTo(java.util.Arrays.copyOfRange(content, content.length - 10, content.length));
    assertThat(source.locate(digest, false)).hasBinaryContent(content);
    assertThat(source.locate(digest, false, 0, 10, cause -> {}))
        .isEqualTo(new Located(blob(digest), true));
    assertThat(remote.streams).containsExactly(digest);
  }

  @Test
  void locateBytes_whenTheBlobTurnsOutWrong_tellsWatchersAndLaterReaders() throws Exception {
    Digest digest = remote.put(bytes(3 << 20, 13));
    remote.damaged = any -> true;
    remote.chunkGate = new Semaphore(1);
    assertThat(read(digest, 0, 10)).hasSize(10);
    ConcurrentLinkedQueue<IOException> told = new ConcurrentLinkedQueue<>();
    BlobSource.Watcher watcher = told::add;
    for (int i = 0; i < 2; i++) {
      assertThat(source.locate(digest, false, 0, 10, watcher).verified()).isFalse();
    }
    Future<byte[]> end = readers.submit(() -> read(digest, digest.size() - 1, 1));
    remote.chunkGate.release(1000);

    assertThatThrownBy(end::get)
        .as("the last byte is given out when all have proved right")
        .hasCauseInstanceOf(DigestMismatchException.class);
    while (told.isEmpty()) {
      Thread.onSpinWait(); // watchers are told after those who wait
    }
    assertThat(told).hasSize(1).first().isInstanceOf(DigestMismatchException.class);
    assertThat(blob(digest)).doesNotExist();
  }

  @Test
  void prefetch_neverGoesAheadOfWhatIsDemanded() {
    FetchOptions options =
        new FetchOptions(2, 1 << 20, 1 << 20, 1 << 20, 1000, Duration.ZERO, Duration.ofMinutes(1));
    Schedule schedule = new Schedule(options);
    Fetch background = new Fetch(DigestFunction.SHA256.digest(bytes(500, 14)), "somewhere");
    Fetch other = new Fetch(DigestFunction.SHA256.digest(bytes(800, 15)), "somewhere");
    Fetch hurried = new Fetch(DigestFunction.SHA256.digest(bytes(700, 16)), "somewhere");
    Fetch wanted = new Fetch(DigestFunction.SHA256.digest(bytes(600, 17)), "somewhere");
    schedule.add(background, Urgency.LATER, 0);
    schedule.add(other, Urgency.LATER, 0);
    schedule.add(hurried, Urgency.LATER, 0);

    Schedule.Batch first = Objects.requireNonNull(schedule.next(0));
    assertThat(first.fetches).containsExactly(background);
    assertThat(schedule.next(0)).as("prefetching takes half of the calls").isNull();
    schedule.add(wanted, Urgency.DEMANDED, 0);
    schedule.hurry(hurried, Urgency.DEMANDED, 0);
    Schedule.Batch second = Objects.requireNonNull(schedule.next(0));
    assertThat(second.fetches).containsExactly(wanted);
    assertThat(schedule.next(0)).isNull();
    schedule.done(second);
    Schedule.Batch third = Objects.requireNonNull(schedule.next(0));
    assertThat(third.fetches).containsExactly(hurried);
    schedule.done(third);
    schedule.done(first);
    Schedule.Batch fourth = Objects.requireNonNull(schedule.next(0));
    assertThat(fourth.fetches).containsExactly(other);
  }

  private Digest chain(int depth, String leaf) {
    Digest digest = remote.put(Directory.getDefaultInstance().toByteArray());
    for (int i = 0; i < depth; i++) {
      digest =
          remote.put(
              Directory.newBuilder()
                  .addDirectories(
                      DirectoryNode.newBuilder()
                          .setName(i == 0 ? leaf : "d")
                          .setDigest(Digests.toProto(digest)))
                  .build()
                  .toByteArray());
    }
    return digest;
  }

  private static int walk(TreeReader reader, Digest root) throws IOException {
    int count = 1;
    InputDirectory directory = reader.directory(root);
    for (int i = 0; i < directory.size(); i++) {
      count += walk(reader, directory.digest(i));
    }
    return count;
  }

  @Test
  void readDirectory_ofAnUnknownRoot_takesTheWholeTreeInOneCall() throws IOException {
    Digest root = chain(32, "leaf");

    assertThat(walk(new TreeReader(source, 1 << 20), root)).isEqualTo(33);
    assertThat(remote.trees).containsExactly(root);
    assertThat(remote.batches).isEmpty();
  }

  @Test
  void readDirectory_whenATreeComesWithOthers_keepsWhatBelongsToItAlone() throws IOException {
    Digest root = chain(8, "leaf");
    remote.strangers = List.of(chain(1, "stranger"), chain(2, "another"));

    assertThat(walk(new TreeReader(source, 1 << 20), root)).isEqualTo(9);
    source.close();

    assertThat(remote.strangers).noneMatch(store::contains);
    assertThat(store.contains(root)).isTrue();
    assertThat(counter("fetch_blobs")).as("all but the empty one").isEqualTo(8);
  }

  @Test
  void readDirectory_ofATreeThatComesBackwards_takesItInOneCall() throws IOException {
    Digest root = chain(300, "leaf");
    remote.backwards = true;

    assertThat(walk(new TreeReader(source, 1 << 20), root)).isEqualTo(301);
    assertThat(remote.trees).containsExactly(root);
    assertThat(remote.batches).isEmpty();
  }

  @Test
  void readDirectory_ofWhatTheTreeLeavesOut_fetchesItAndWhatIsBelow() throws IOException {
    Digest root = chain(8, "leaf");
    remote.inTrees = digest -> digest.equals(root);

    assertThat(walk(new TreeReader(source, 1 << 20), root)).isEqualTo(9);
    assertThat(remote.trees).containsExactly(root);
    assertThat(remote.inBatches()).hasSizeBetween(7, 8).doesNotHaveDuplicates();
  }

  @Test
  void readDirectory_ofATreeThatIsMostlyHere_givesTheCallUp() throws IOException {
    Directory.Builder message = Directory.newBuilder();
    for (int i = 0; i < 200; i++) {
      Digest child = chain(1, "leaf-%03d".formatted(i));
      message.addDirectories(
          DirectoryNode.newBuilder()
              .setName("d-%03d".formatted(i))
              .setDigest(Digests.toProto(child)));
    }
    Digest known = remote.put(message.build().toByteArray());
    walk(new TreeReader(source, 1 << 20), known);
    Digest changed =
        remote.put(
            message
                .setDirectories(
                    150,
                    DirectoryNode.newBuilder()
                        .setName("d-150")
                        .setDigest(Digests.toProto(chain(3, "new"))))
                .build()
                .toByteArray());
    remote.trees.clear();

    assertThat(walk(new TreeReader(source, 1 << 20), changed)).isEqualTo(403);
    assertThat(counter("fetch_trees")).isEqualTo(2);
    assertThat(remote.trees).containsExactly(changed);
    assertThat(remote.inBatches()).as("what is new below").hasSize(3);
  }

  @Test
  void readDirectory_whenTheRemoteIsBroken_saysSoAndWorksLater() throws IOException {
    Digest root = chain(3, "leaf");
    remote.broken = new IOException("remote unavailable: nobody answers");
    TreeReader reader = new TreeReader(source, 1 << 20);
    assertThatThrownBy(() -> reader.directory(root)).isSameAs(remote.broken);
    remote.broken = null;
    assertThat(walk(reader, root)).isEqualTo(4);
  }

  @Test
  void readDirectory_whenOneIsMissing_namesIt() throws IOException {
    Digest leaf = remote.put(Directory.getDefaultInstance().toByteArray());
    Digest lost = DigestFunction.SHA256.digest("lost".getBytes(UTF_8));
    Digest root =
        remote.put(
            Directory.newBuilder()
                .addDirectories(
                    DirectoryNode.newBuilder().setName("a").setDigest(Digests.toProto(leaf)))
                .addDirectories(
                    DirectoryNode.newBuilder().setName("b").setDigest(Digests.toProto(lost)))
                .build()
                .toByteArray());

    assertThatThrownBy(() -> walk(new TreeReader(source, 1 << 20), root))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageContaining("missing blob blobs/" + lost);
  }

  @Test
  void fetchTree_bringsAllThatIsNotHere() throws IOException {
    byte[] here = bytes(5000, 19);
    byte[] small = bytes(7000, 20);
    byte[] large = bytes(3 << 20, 21);
    store.put(here);
    remote.put(small);
    remote.put(large);
    Digest lost = DigestFunction.SHA256.digest("lost".getBytes(UTF_8));
    Directory.Builder below = Directory.newBuilder();
    below.addFiles(file("large", DigestFunction.SHA256.digest(large)));
    below.addFiles(file("lost", lost));
    below.addFiles(file("same", DigestFunction.SHA256.digest(small)));
    Directory.Builder top = Directory.newBuilder();
    top.addFiles(file("here", DigestFunction.SHA256.digest(here)));
    top.addFiles(file("small", DigestFunction.SHA256.digest(small)));
    top.addDirectories(
        DirectoryNode.newBuilder()
            .setName("below")
            .setDigest(Digests.toProto(remote.put(below.build().toByteArray()))));
    Digest root = remote.put(top.build().toByteArray());

    FetchedTree tree = source.fetchTree(root);

    assertThat(tree.directories()).isEqualTo(2);
    assertThat(tree.files()).isEqualTo(4);
    assertThat(tree.fetched()).isEqualTo(2);
    assertThat(tree.fetchedBytes()).isEqualTo(7000 + (3 << 20));
    assertThat(tree.failures())
        .singleElement()
        .isInstanceOf(MissingBlobException.class)
        .hasToString(new MissingBlobException(lost, "not on the heap").toString());
    source.close();
    assertThat(store.contains(root)).isTrue();
    assertThat(store.contains(DigestFunction.SHA256.digest(small))).isTrue();
    assertThat(store.contains(DigestFunction.SHA256.digest(large))).isTrue();
  }

  @Test
  void expectAll_fetchesTheTreeAsSoonAsSomethingOfItIsMissing() throws Exception {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      names.add("file-%03d".formatted(i));
    }
    Digest root = version(1, names);
    try (Lease _ = source.expectAll(root)) {
      assertThat(remote.trees).as("nobody has asked").isEmpty();
      remote.batchGate = new CountDownLatch(1);
      Future<Path> first = readers.submit(() -> source.locate(digest(names.getFirst(), 1), false));
      while (counter("fetch_wanted") < 500 || remote.batches.isEmpty()) {
        Thread.onSpinWait();
      }
      remote.batchGate.countDown();
      assertThat(first.get()).exists();
      while (remote.inBatches().size() < 500) {
        Thread.onSpinWait();
      }
    }
    assertThat(remote.batches).hasSizeLessThan(10);
    for (String name : names) {
      assertThat(source.locate(digest(name, 1), false)).hasBinaryContent(content(name, 1));
    }
    assertThat(remote.inBatches()).hasSize(500).doesNotHaveDuplicates();
  }

  /** A tree with a few files, all of whose contents belong to this version alone. */
  private Digest version(int version, List<String> names) {
    Directory.Builder below = Directory.newBuilder();
    for (String name : names) {
      below.addFiles(file(name, remote.put(content(name, version))));
    }
    return remote.put(
        Directory.newBuilder()
            .addDirectories(
                DirectoryNode.newBuilder()
                    .setName("src")
                    .setDigest(Digests.toProto(remote.put(below.build().toByteArray()))))
            .build()
            .toByteArray());
  }

  private static byte[] content(String name, int version) {
    return (name + " of version " + version).getBytes(UTF_8);
  }

  private static Digest digest(String name, int version) {
    return DigestFunction.SHA256.digest(content(name, version));
  }

  /** Which files of a version were fetched before anybody asked, in an action that reads some. */
  private Set<String> prefetched(
      int version, List<String> command, List<String> expected, List<String> read)
      throws Exception {
    List<String> names = List.of("a", "b", "c", "d");
    Digest root = version(version, names);
    remote.batches.clear();
    reopen(FetchOptions.USUAL);
    Set<String> before = new TreeSet<>();
    try (Prefetch prefetch = source.prefetch(root, command)) {
      prefetch.awaitBegun();
      for (String name : expected) {
        while (!store.contains(digest(name, version))) {
          Thread.sleep(1);
        }
      }
      for (String name : names) {
        if (remote.inBatches().contains(digest(name, version))) {
          before.add(name);
        }
      }
      for (String name : read) {
        source.locate(digest(name, version), false);
      }
    }
    return before;
  }

  @Test
  void prefetch_bringsWhatTheLastActionOfThisKindHasRead() throws Exception {
    List<String> command = List.of("cc", "-c", "src/a");
    assertThat(prefetched(1, command, List.of(), List.of("a", "b"))).isEmpty();
    assertThat(prefetched(2, command, List.of("a", "b"), List.of("a", "c")))
        .containsExactly("a", "b");
    assertThat(prefetched(3, command, List.of("a", "c"), List.of("a", "c")))
        .as("b was prefetched for nothing")
        .containsExactly("a", "c");
    assertThat(prefetched(4, List.of("cc", "-c", "src/d"), List.of("a", "c"), List.of("d")))
        .as("a command like it")
        .containsExactly("a", "c");
    assertThat(prefetched(5, List.of("ld", "src/d"), List.of(), List.of("d"))).isEmpty();
    assertThat(prefetched(6, command, List.of("a", "c"), List.of())).containsExactly("a", "c");
  }

  @Test
  void prefetch_keepsToItsBudget() throws Exception {
    List<String> command = List.of("cc");
    prefetched(1, command, List.of(), List.of("a", "b", "c"));
    Digest root = version(2, List.of("a", "b", "c", "d"));
    FetchOptions usual = FetchOptions.USUAL;
    reopen(
        new FetchOptions(
            usual.calls(),
            usual.bytes(),
            usual.backgroundBytes(),
            2L * content("a", 2).length,
            usual.batchBytes(),
            usual.window(),
            usual.patience()));
    remote.batches.clear();
    try (Prefetch prefetch = source.prefetch(root, command)) {
      prefetch.awaitBegun();
    }
    source.close();
    assertThat(remote.inBatches()).containsExactly(digest("a", 2), digest("b", 2));
  }

  private static FileNode file(String name, Digest digest) {
    return FileNode.newBuilder().setName(name).setDigest(Digests.toProto(digest)).build();
  }

  @Test
  void close_failsThoseWhoWait() throws Exception {
    Digest digest = remote.put(bytes(1000, 18));
    remote.batchGate = new CountDownLatch(1);
    Future<Path> waiting = readers.submit(() -> source.locate(digest, false));
    while (remote.batches.isEmpty()) {
      Thread.onSpinWait();
    }
    source.close();

    assertThatThrownBy(waiting::get).hasRootCauseInstanceOf(IOException.class);
    assertThatThrownBy(() -> source.locate(digest, false)).isInstanceOf(IOException.class);
  }

  @Test
  void everything_atRandomWithFaults_isRightOrToldInTheEnd() throws Exception {
    long seed = Long.getLong("inputfs.test.seed", 20261122);
    Random random = new Random(seed);
    List<byte[]> contents = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      byte[] content = new byte[random.nextInt(i % 12 == 0 ? 5 << 18 : 5000) + 1];
      random.nextBytes(content);
      contents.add(content);
      remote.put(content);
    }
    remote.missing = digest -> Math.floorMod(digest.hashCode() + (int) System.nanoTime(), 7) == 0;
    remote.damaged = digest -> Math.floorMod(digest.hashCode() + (int) System.nanoTime(), 9) == 0;
    List<Future<Integer>> results = new ArrayList<>();
    for (int reader = 0; reader < 8; reader++) {
      Random own = new Random(seed + reader);
      results.add(
          readers.submit(
              () -> {
                int told = 0;
                for (int i = 0; i < 40; i++) {
                  byte[] content = contents.get(own.nextInt(contents.size()));
                  Digest digest = DigestFunction.SHA256.digest(content);
                  try {
                    assertThat(source.locate(digest, own.nextBoolean())).hasBinaryContent(content);
                  } catch (MissingBlobException | DigestMismatchException e) {
                    assertThat(e).hasMessageContaining(digest.hex());
                    told++;
                  }
                }
                return told;
              }));
    }
    int told = 0;
    for (Future<Integer> result : results) {
      told += result.get();
    }
    assertThat(told).as("seed %d", seed).isPositive();
    remote.missing = digest -> false;
    remote.damaged = digest -> false;
    for (byte[] content : contents) {
      Digest digest = DigestFunction.SHA256.digest(content);
      assertThat(source.locate(digest, false)).hasBinaryContent(content);
    }
    assertThat(counter("fetch_in_flight")).isZero();
    assertThat(files(store.files().temporaries())).isEmpty();
  }
}
