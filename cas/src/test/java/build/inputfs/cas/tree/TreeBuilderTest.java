package build.inputfs.cas.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.NodeProperties;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.PutMode;
import build.inputfs.cas.store.StoreAccess;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UInt32Value;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import jnr.ffi.LibraryLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(180)
final class TreeBuilderTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private Path input;
  private LocalStore store;

  /** Bound here because only a test wants to be another user for a while. */
  public interface Identity {
    int setfsuid(int uid);
  }

  @BeforeEach
  void open() throws IOException {
    input = Files.createDirectory(folder.resolve("input"));
    store = open(folder.resolve("store"));
  }

  @AfterEach
  void noTemporaryFileIsLeft() throws IOException {
    Path temporary = store.root().resolve("inputfs/tmp");
    if (Files.exists(temporary)) {
      assertThat(temporary).isEmptyDirectory();
    }
    store.close();
  }

  private LocalStore open(Path root) throws IOException {
    return LocalStore.open(
        root, DigestFunction.SHA256, StoreAccess.READ_WRITE, folder.resolve("private"), POSIX);
  }

  private TreeBuilder builder(PutMode mode, Set<KeptProperty> kept) {
    return new TreeBuilder(store, POSIX, mode, kept, bytes -> {}, 4);
  }

  private Digest build() throws IOException {
    return builder(PutMode.COPY, Set.of()).build(input);
  }

  private Path write(String path, String content, String mode) throws IOException {
    Path file = input.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
  }

  private static Digest digest(String content) {
    return DigestFunction.SHA256.digest(content.getBytes(UTF_8));
  }

  private void smallTree() throws IOException {
    write("b.txt", "b", "rw-r--r--");
    write("run", "#!", "rwxr-xr-x");
    write("owner-only", "o", "--x------");
    write("others-only", "p", "rw-r-xr-x");
    write("sub/deep/ü", "", "rw-------");
    Files.createDirectory(input.resolve("empty"));
    Files.createSymbolicLink(input.resolve("sub/up"), Path.of(".."));
    Files.createSymbolicLink(input.resolve("abs"), Path.of("/does/not/exist"));
  }

  private static DirectoryBuilder smallTreeRoot(Digest sub, Digest empty) {
    DirectoryBuilder root = new DirectoryBuilder();
    root.addSymlink("abs", "/does/not/exist", null);
    root.addDirectory("sub", sub);
    root.addDirectory("empty", empty);
    root.addFile("run", digest("#!"), true, null);
    root.addFile("owner-only", digest("o"), true, null);
    root.addFile("others-only", digest("p"), false, null);
    root.addFile("b.txt", digest("b"), false, null);
    return root;
  }

  @ParameterizedTest
  @EnumSource(names = {"COPY", "AUTO", "LINK"})
  void build_givesTheDigestOfTheTreeMadeByHand(PutMode mode) throws IOException {
    smallTree();
    DirectoryBuilder deep = new DirectoryBuilder();
    deep.addFile("ü", DigestFunction.SHA256.empty(), false, null);
    DirectoryBuilder sub = new DirectoryBuilder();
    sub.addDirectory("deep", DigestFunction.SHA256.digest(deep.build().toByteArray()));
    sub.addSymlink("up", "..", null);
    DirectoryBuilder root =
        smallTreeRoot(
            DigestFunction.SHA256.digest(sub.build().toByteArray()), DigestFunction.SHA256.empty());

    Digest digest = builder(mode, Set.of()).build(input);

    assertThat(digest).isEqualTo(DigestFunction.SHA256.digest(root.build().toByteArray()));
    TreeReader reader = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
    assertThat(reader.summarize(digest)).isEqualTo(new TreeSummary(5, 4, 2, 5, 3));
    assertThat(store.locate(digest("#!"), true)).hasContent("#!");
    assertThat(store.contains(digest("p"))).isTrue();
  }

  @Test
  void build_throughASymlinkToTheDirectory_followsThatOne() throws IOException {
    smallTree();
    Path link = Files.createSymbolicLink(folder.resolve("link"), input);
    assertThat(builder(PutMode.COPY, Set.of()).build(link)).isEqualTo(build());
  }

  @Test
  void invariant4_symlinksAreTakenVerbatim() throws Exception {
    // Java's own calls tidy paths up.
    List<String> targets =
        List.of("a//b/", "./x", "x/../y", "/", "/etc/passwd", ".", " ", "ü", "x".repeat(4095));
    for (int i = 0; i < targets.size(); i++) {
      Process ln =
          new ProcessBuilder("ln", "-s", targets.get(i), input.resolve("l" + i).toString())
              .inheritIO()
              .start();
      assertThat(ln.waitFor()).isZero();
    }
    InputDirectory directory = new TreeReader(store, 1 << 20).directory(build());
    for (int i = 0; i < targets.size(); i++) {
      assertThat(directory.kind(i)).isEqualTo(Kind.SYMLINK);
      assertThat(directory.target(i)).asString(UTF_8).isEqualTo(targets.get(i));
      Files.delete(input.resolve("l" + i));
    }
  }

  @Test
  void invariant4_symlinkToADirectory_isNotEntered() throws IOException {
    Files.createSymbolicLink(input.resolve("loop"), input);
    Files.createSymbolicLink(input.resolve("root"), Path.of("/"));
    assertThat(new TreeReader(store, 1 << 20).summarize(build()))
        .isEqualTo(new TreeSummary(0, 1, 2, 0, 1));
    Files.delete(input.resolve("root"));
  }

  @Test
  void build_againWithOtherThreadsAndStore_givesTheSameDigest() throws IOException {
    Random random = new Random(1);
    for (int i = 0; i < 300; i++) {
      byte[] content = new byte[random.nextInt(3000)];
      random.nextBytes(content);
      Path file = input.resolve("d" + random.nextInt(20)).resolve("f" + random.nextInt(40));
      Files.createDirectories(file.getParent());
      Files.write(file, content);
    }
    Digest first = build();
    try (LocalStore other = open(folder.resolve("other"))) {
      for (int threads : new int[] {1, 2, 16}) {
        TreeBuilder again =
            new TreeBuilder(other, POSIX, PutMode.AUTO, Set.of(), bytes -> {}, threads);
        assertThat(again.build(input)).isEqualTo(first);
      }
    }
  }

  @Test
  void build_tellsTheListenerOfEachFile() throws IOException {
    smallTree();
    LongAdder files = new LongAdder();
    LongAdder bytes = new LongAdder();
    ImportListener listener =
        size -> {
          files.increment();
          bytes.add(size);
        };
    new TreeBuilder(store, POSIX, PutMode.COPY, Set.of(), listener, 4).build(input);
    assertThat(files.sum()).isEqualTo(5);
    assertThat(bytes.sum()).isEqualTo(5);
  }

  @Test
  void build_keepingModesAndTimes_recordsThem() throws IOException {
    Path file = write("f", "f", "rwxr-x--x");
    Path link = Files.createSymbolicLink(input.resolve("l"), Path.of("f"));
    Instant time = Instant.ofEpochSecond(1_000_000_000, 123_456_789);
    Files.setLastModifiedTime(file, FileTime.from(time));
    Files.setPosixFilePermissions(input, PosixFilePermissions.fromString("rwx--x---"));
    Files.setLastModifiedTime(input, FileTime.from(time));
    FileTime linkTime = Files.getLastModifiedTime(link, LinkOption.NOFOLLOW_LINKS);

    Digest digest = builder(PutMode.COPY, EnumSet.allOf(KeptProperty.class)).build(input);

    Timestamp stamp =
        Timestamp.newBuilder().setSeconds(1_000_000_000).setNanos(123_456_789).build();
    DirectoryBuilder expected = new DirectoryBuilder();
    expected.addFile("f", digest("f"), true, properties(0751, stamp));
    Instant ofLink = linkTime.toInstant();
    expected.addSymlink(
        "l",
        "f",
        NodeProperties.newBuilder()
            .setMtime(
                Timestamp.newBuilder()
                    .setSeconds(ofLink.getEpochSecond())
                    .setNanos(ofLink.getNano()))
            .build());
    expected.setProperties(properties(0710, stamp));
    assertThat(digest).isEqualTo(DigestFunction.SHA256.digest(expected.build().toByteArray()));
  }

  private static NodeProperties properties(int mode, Timestamp mtime) {
    return NodeProperties.newBuilder().setUnixMode(UInt32Value.of(mode)).setMtime(mtime).build();
  }

  @Test
  void build_ofATreeWithAFifoOrDevice_namesIt() throws Exception {
    smallTree();
    Path fifo = input.resolve("sub/deep/fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    assertThatThrownBy(this::build)
        .isInstanceOf(IOException.class)
        .hasMessage(fifo.toRealPath() + " is a fifo, which a tree cannot hold");
    Files.delete(fifo);
    assertThatThrownBy(() -> builder(PutMode.COPY, Set.of()).build(Path.of("/dev")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("device, which a tree cannot hold");
  }

  @Test
  void build_ofATreeWithASocket_namesIt() throws Exception {
    Path socket = input.resolve("socket");
    try (var channel =
        java.nio.channels.ServerSocketChannel.open(java.net.StandardProtocolFamily.UNIX)) {
      channel.bind(java.net.UnixDomainSocketAddress.of(socket));
      assertThatThrownBy(this::build).hasMessageContaining(socket + " is a socket");
    }
  }

  @Test
  void build_withANameThatIsNotUtf8_saysSo() throws Exception {
    Process touch =
        new ProcessBuilder("sh", "-c", "touch \"$0/$(printf 'a\\377b')\"", input.toString())
            .start();
    assertThat(touch.waitFor()).isZero();
    assertThatThrownBy(this::build)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not UTF-8")
        .hasMessageContaining(input.toString());
  }

  @Test
  void build_withANameThatHoldsTheReplacementCharacter_isFine() throws IOException {
    write("\uFFFD", "x", "rw-r--r--");
    InputDirectory directory = new TreeReader(store, 1 << 20).directory(build());
    assertThat(directory.name(0)).asString(UTF_8).isEqualTo("\uFFFD");
  }

  @Test
  void build_withASymlinkThatIsNotUtf8_saysSo() throws Exception {
    Process ln =
        new ProcessBuilder("sh", "-c", "ln -s \"$(printf 'a\\377b')\" \"$0/l\"", input.toString())
            .start();
    assertThat(ln.waitFor()).isZero();
    assertThatThrownBy(this::build).hasMessageContaining("l: its target is not UTF-8");
  }

  @Test
  void build_keepingATimeThatATreeCannotHold_saysWhere() throws Exception {
    Path memory = Path.of("/dev/shm");
    boolean possible = Files.isWritable(memory);
    if (!possible) {
      System.out.println("Skipped: there is no memory disk, on which files have any time");
    }
    assumeTrue(possible, "/dev/shm");
    Path far = Files.createTempDirectory(memory, "inputfs-test");
    Path file = Files.createFile(far.resolve("f"));
    try {
      Process touch = new ProcessBuilder("touch", "-d", "@253402300800", file.toString()).start();
      assertThat(touch.waitFor()).isZero();
      assertThatThrownBy(() -> builder(PutMode.COPY, Set.of(KeptProperty.MTIME)).build(far))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("in " + far + ": ")
          .hasMessageContaining("mtime is 253402300800 s");
    } finally {
      Files.delete(file);
      Files.delete(far);
    }
  }

  @Test
  void build_ofWhatIsNotThereOrNoDirectory_fails() throws IOException {
    Path file = write("f", "f", "rw-r--r--");
    TreeBuilder builder = builder(PutMode.COPY, Set.of());
    assertThatThrownBy(() -> builder.build(input.resolve("absent")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("absent");
    assertThatThrownBy(() -> builder.build(file))
        .isInstanceOf(IOException.class)
        .hasMessage(file.toRealPath() + " is a regular file, not a directory");
  }

  @Test
  void build_ofTheDirectoryThatTheStoreIsIn_isRefused() {
    assertThatThrownBy(() -> builder(PutMode.COPY, Set.of()).build(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is inside " + folder);
  }

  @Test
  void build_ofWhatTheUserMayNotRead_namesIt() throws Exception {
    boolean root = POSIX.geteuid() == 0;
    if (!root) {
      System.out.println("Skipped: only root can become a user who may not read");
    }
    assumeTrue(root, "root");
    Identity identity = LibraryLoader.create(Identity.class).load("c");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    Path file = write("sub/secret", "s", "---------");
    FutureTask<String> asNobody =
        new FutureTask<>(
            () -> {
              // It holds for this thread and those it starts, and ends with them.
              identity.setfsuid(65534);
              try (LocalStore theirs = open(folder.resolve("theirs"))) {
                TreeBuilder builder =
                    new TreeBuilder(theirs, POSIX, PutMode.COPY, Set.of(), bytes -> {}, 2);
                return failure(builder);
              }
            });
    Thread.ofPlatform().start(asNobody);
    assertThat(asNobody.get())
        .isEqualTo("cannot read " + file.toRealPath() + ": permission denied");
  }

  private String failure(TreeBuilder builder) {
    try {
      return "built " + builder.build(input);
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void build_ofFileThatChangesMeanwhile_isAnError() throws Exception {
    Path file = input.resolve("growing");
    Files.write(file, new byte[40_000_000]);
    AtomicBoolean done = new AtomicBoolean();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!done.get()) {
                    try {
                      Files.write(file, new byte[1], StandardOpenOption.APPEND);
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  }
                });
    try {
      // The writer may have to wait for a processor.
      assertThatThrownBy(
              () -> {
                while (true) {
                  var _ = build();
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file + " was changed while it was");
    } finally {
      done.set(true);
      writer.join();
    }
  }

  @Test
  void build_ofFileThatChangesAfterItWasListed_isAnError() throws IOException {
    for (String name : List.of("a", "b", "c")) {
      write(name, "x", "rw-r--r--");
    }
    AtomicBoolean first = new AtomicBoolean(true);
    ImportListener meddler =
        bytes -> {
          try {
            if (first.getAndSet(false)) {
              for (String name : List.of("a", "b", "c")) {
                write(name, "y", "rw-r--r--");
              }
            }
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        };
    TreeBuilder builder = new TreeBuilder(store, POSIX, PutMode.COPY, Set.of(), meddler, 1);
    assertThatThrownBy(() -> builder.build(input))
        .isInstanceOf(IOException.class)
        .hasMessageMatching(input.toRealPath() + "/[abc] was changed while it was imported");
  }

  @Test
  void build_ofDirectoryThatChangesMeanwhile_isAnError() throws IOException {
    write("a", "a", "rw-r--r--");
    write("sub/b", "b", "rw-r--r--");
    ImportListener meddler =
        bytes -> {
          try {
            Files.writeString(input.resolve("new"), "x");
          } catch (IOException e) {
            throw new IllegalStateException(e);
          }
        };
    TreeBuilder builder = new TreeBuilder(store, POSIX, PutMode.COPY, Set.of(), meddler, 1);
    assertThatThrownBy(() -> builder.build(input))
        .isInstanceOf(IOException.class)
        .hasMessage(input.toRealPath() + " was changed while it was imported");
  }

  @Test
  void build_thatIsInterrupted_endsAndLeavesNothingRunning() throws Exception {
    for (int i = 0; i < 200; i++) {
      write("f" + i, "f" + i, "rw-r--r--");
    }
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger active = new AtomicInteger();
    ImportListener slow =
        bytes -> {
          active.incrementAndGet();
          begun.countDown();
          try {
            Thread.sleep(60_000);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          active.decrementAndGet();
        };
    TreeBuilder builder = new TreeBuilder(store, POSIX, PutMode.COPY, Set.of(), slow, 2);
    FutureTask<Digest> task = new FutureTask<>(() -> builder.build(input));
    Thread thread = Thread.ofPlatform().start(task);
    begun.await();
    thread.interrupt();
    assertThatThrownBy(task::get).hasCauseInstanceOf(InterruptedIOException.class);
    assertThat(active).hasValue(0);
  }

  @Test
  void build_ofDeepAndWideDirectories_staysWithinItsStack() throws IOException {
    Path deep = input.resolve("deep");
    for (int i = 0; i < 700; i++) {
      deep = deep.resolve("d");
    }
    Files.createDirectories(deep);
    for (int i = 0; i < 200; i++) {
      Files.createDirectories(input.resolve("wide/d" + i + "/e"));
      Files.writeString(input.resolve("wide/d" + i + "/f"), "x" + i);
    }
    Digest digest = build();
    assertThat(new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES).summarize(digest))
        .isEqualTo(new TreeSummary(200, 1 + 1 + 700 + 1 + 400, 0, 690, 702));
  }
}
