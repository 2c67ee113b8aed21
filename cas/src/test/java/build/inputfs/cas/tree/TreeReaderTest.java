package build.inputfs.cas.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.Action;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.DigestMismatchException;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.MemoryBlobs;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.store.RecordedActions;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
final class TreeReaderTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private LocalStore store;
  private CountingSource source;
  private TreeReader reader;

  /** Counts what is read, and can hold readers up. */
  private static final class CountingSource implements BlobSource {
    final AtomicInteger reads = new AtomicInteger();
    final CountDownLatch open = new CountDownLatch(1);
    private final BlobSource blobs;

    CountingSource(BlobSource blobs) {
      this.blobs = blobs;
    }

    @Override
    public DigestFunction function() {
      return blobs.function();
    }

    @Override
    public Path locate(Digest digest, boolean executable) throws IOException {
      return blobs.locate(digest, executable);
    }

    @Override
    public byte[] read(Digest digest, int limit) throws IOException {
      reads.incrementAndGet();
      try {
        open.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      return blobs.read(digest, limit);
    }
  }

  @BeforeEach
  void open() throws IOException {
    store = open(folder.resolve("store"), StoreAccess.READ_WRITE);
    source = new CountingSource(store);
    source.open.countDown();
    reader = new TreeReader(source, TreeReader.DEFAULT_CACHE_BYTES);
  }

  @AfterEach
  void close() throws IOException {
    store.close();
  }

  private LocalStore open(Path root, StoreAccess access) throws IOException {
    return LocalStore.open(root, DigestFunction.SHA256, access, folder.resolve("private"), POSIX);
  }

  private Digest put(DirectoryBuilder directory) throws IOException {
    return store.put(directory.build());
  }

  private static DirectoryBuilder with(String name, Digest child) {
    DirectoryBuilder builder = new DirectoryBuilder();
    builder.addDirectory(name, child);
    return builder;
  }

  @Test
  void directory_isReadOnceAndThenKept() throws IOException {
    Digest digest = put(with("a", DigestFunction.SHA256.empty()));
    InputDirectory first = reader.directory(digest);
    assertThat(reader.directory(digest)).isSameAs(first);
    assertThat(source.reads).hasValue(1);
  }

  @Test
  void directory_askedForByMany_isReadOnce() throws Exception {
    Digest digest = put(with("a", DigestFunction.SHA256.empty()));
    CountingSource slow = new CountingSource(store);
    TreeReader slowReader = new TreeReader(slow, TreeReader.DEFAULT_CACHE_BYTES);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<InputDirectory>> results = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        results.add(threads.submit(() -> slowReader.directory(digest)));
      }
      while (slow.reads.get() == 0) {
        Thread.onSpinWait();
      }
      slow.open.countDown();
      for (Future<InputDirectory> result : results) {
        assertThat(result.get()).isSameAs(slowReader.directory(digest));
      }
    }
    assertThat(slow.reads).hasValue(1);
  }

  @Test
  void directory_beyondTheCachesWeight_isReadAgain() throws IOException {
    TreeReader small = new TreeReader(source, 1000);
    List<Digest> digests = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      digests.add(put(with("a" + i, DigestFunction.SHA256.empty())));
    }
    for (int round = 0; round < 2; round++) {
      for (Digest digest : digests) {
        assertThat(small.directory(digest).size()).isEqualTo(1);
      }
    }
    assertThat(source.reads.get()).isGreaterThan(90);
  }

  @Test
  void directory_thatIsMissing_isAnErrorUntilItIsThere() throws IOException {
    DirectoryBuilder builder = with("a", DigestFunction.SHA256.empty());
    Digest digest = DigestFunction.SHA256.digest(builder.build().toByteArray());
    assertThatThrownBy(() -> reader.directory(digest))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageStartingWith("missing blob blobs/" + digest);
    put(builder);
    assertThat(reader.directory(digest).size()).isEqualTo(1);
  }

  @Test
  void invariant11_directoryWhoseBytesAreOthers_isRefused() throws IOException {
    Digest digest = put(with("a", DigestFunction.SHA256.empty()));
    Path file = store.locate(digest, false);
    byte[] bytes = Files.readAllBytes(file);
    bytes[2] = 'b';
    Files.delete(file);
    Files.write(file, bytes);
    assertThatThrownBy(() -> reader.directory(digest)).isInstanceOf(DigestMismatchException.class);
  }

  @Test
  void invariant11_sizeThatDisagrees_isRefused() throws IOException {
    Digest digest = put(with("a", DigestFunction.SHA256.empty()));
    Digest wrong = Digest.of(digest.hex(), digest.size() + 1);
    assertThatThrownBy(() -> reader.directory(wrong)).isInstanceOf(MissingBlobException.class);
  }

  @Test
  void directory_thatBreaksARule_isRefusedByName() throws IOException {
    Digest digest = store.put(Directory.newBuilder().addFiles(Directories.file("..")).build());
    assertThatThrownBy(() -> reader.directory(digest))
        .isInstanceOf(InvalidTreeException.class)
        .hasMessage("directory " + digest + " is invalid: a name is '..'");
  }

  @Test
  void summarize_ofRecordedActions_countsTheirInputs() throws IOException {
    Path recorded = RecordedActions.copyTo(folder.resolve("recorded"));
    try (LocalStore bazel = open(recorded, StoreAccess.READ_ONLY)) {
      TreeReader trees = new TreeReader(bazel, TreeReader.DEFAULT_CACHE_BYTES);
      Digest link =
          bazel.resolve("f8382037cac439c3ca4f61a0ef8b9ceab41d3f43f7f9db32bd3877125eb79ee6");
      Action action = Action.parseFrom(bazel.read(link, 1 << 20));
      Digest root = Digests.fromProto(action.getInputRootDigest());
      assertThat(trees.summarize(root)).isEqualTo(new TreeSummary(6, 12, 0, 7392, 6));
      assertThat(trees.summarize(root).entries()).isEqualTo(17);
    }
  }

  @Test
  void invariant11_treeThatUnfoldsExponentially_isVisitedOncePerDirectory() throws IOException {
    DirectoryBuilder leaf = new DirectoryBuilder();
    leaf.addFile("f", Digest.of(new byte[32], 10), false, null);
    Digest digest = put(leaf);
    for (int i = 0; i < 40; i++) {
      DirectoryBuilder parent = with("a", digest);
      parent.addDirectory("b", digest);
      digest = put(parent);
    }
    assertThat(reader.summarize(digest))
        .isEqualTo(new TreeSummary(1L << 40, (1L << 41) - 1, 0, 10 * (1L << 40), 41));
    assertThat(source.reads).hasValue(41);
    for (int i = 0; i < 40; i++) {
      DirectoryBuilder parent = with("a", digest);
      parent.addDirectory("b", digest);
      digest = put(parent);
    }
    assertThat(reader.summarize(digest))
        .isEqualTo(new TreeSummary(Long.MAX_VALUE, Long.MAX_VALUE, 0, Long.MAX_VALUE, 81));
  }

  private static Digest chain(MemoryBlobs blobs, Digest end, int levels) {
    Digest digest = end;
    for (int level = 0; level < levels; level++) {
      digest = blobs.put(with("d", digest).build().toByteArray());
    }
    return digest;
  }

  @Test
  void invariant11_treeThatIsTooDeep_isRefused() throws IOException {
    MemoryBlobs blobs = new MemoryBlobs();
    TreeReader trees = new TreeReader(blobs, TreeReader.DEFAULT_CACHE_BYTES);
    Digest leaf = blobs.put(new byte[0]);
    Digest deepest = chain(blobs, leaf, TreeReader.MAX_DEPTH - 1);
    assertThat(trees.summarize(deepest).depth()).isEqualTo(TreeReader.MAX_DEPTH);
    assertTooDeep(trees, chain(blobs, deepest, 1));
    // So deep that a walk would need more stack than there is.
    assertTooDeep(trees, chain(blobs, leaf, 100_000));
  }

  @Test
  void invariant11_partThatIsTooDeepOnOneWayOnly_isRefused() {
    MemoryBlobs blobs = new MemoryBlobs();
    Digest part = chain(blobs, blobs.put(new byte[0]), 1000);
    DirectoryBuilder both = with("a", part);
    both.addDirectory("b", chain(blobs, part, 100));
    assertTooDeep(
        new TreeReader(blobs, TreeReader.DEFAULT_CACHE_BYTES),
        blobs.put(both.build().toByteArray()));
  }

  private static void assertTooDeep(TreeReader trees, Digest root) {
    assertThatThrownBy(() -> trees.summarize(root))
        .isInstanceOf(InvalidTreeException.class)
        .hasMessageContaining(root + " is invalid: the tree is more than 1024 levels deep");
  }

  @Test
  void resolve_walksDownWithoutFollowingSymlinks() throws IOException {
    DirectoryBuilder inner = new DirectoryBuilder();
    inner.addFile("run", Directories.DIGEST, true, null);
    inner.addSymlink("link", "run", null);
    inner.setProperties(
        build.inputfs.cas.proto.NodeProperties.newBuilder()
            .setMtime(com.google.protobuf.Timestamp.newBuilder().setSeconds(7))
            .setUnixMode(com.google.protobuf.UInt32Value.of(0700))
            .build());
    Digest innerDigest = put(inner);
    DirectoryBuilder outer = with("in ner", innerDigest);
    outer.addSymlink("way", "in ner", null);
    Digest root = put(outer);

    assertThat(reader.resolve(root, ""))
        .isEqualTo(new TreeEntry(Kind.DIRECTORY, false, root, root.size(), null, -1, null))
        .isEqualTo(reader.resolve(root, "/"))
        .isEqualTo(reader.resolve(root, "./."));
    assertThat(reader.resolve(root, "in ner"))
        .isEqualTo(
            new TreeEntry(
                Kind.DIRECTORY,
                false,
                innerDigest,
                innerDigest.size(),
                null,
                0700,
                Instant.ofEpochSecond(7)))
        .isEqualTo(reader.resolve(root, "/./in ner//"));
    assertThat(reader.resolve(root, "in ner/run"))
        .isEqualTo(
            new TreeEntry(
                Kind.FILE, true, Directories.DIGEST, Directories.DIGEST.size(), null, -1, null));
    assertThat(reader.resolve(root, "in ner/link"))
        .isEqualTo(new TreeEntry(Kind.SYMLINK, false, null, 3, "run", -1, null));
    for (String absent : List.of("x", "in ner/x", "..", "in ner/..")) {
      assertThatThrownBy(() -> reader.resolve(root, absent))
          .isInstanceOf(NoSuchFileException.class)
          .hasMessage(absent);
    }
    for (String through : List.of("way/run", "in ner/run/x")) {
      assertThatThrownBy(() -> reader.resolve(root, through))
          .isInstanceOf(NotDirectoryException.class);
    }
  }

  @Test
  void resolve_ofNamesThatAreNotAscii_findsThem() throws IOException {
    DirectoryBuilder builder = new DirectoryBuilder();
    builder.addFile("naïve 文", Directories.DIGEST, false, null);
    assertThat(reader.resolve(put(builder), "naïve 文").kind()).isEqualTo(Kind.FILE);
  }
}
