package build.inputfs.cas.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Putting files of the local disk, in each mode. */
@Timeout(120)
final class PutFileTest {
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private LocalStore store;

  @BeforeEach
  void open() throws IOException {
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

  /** A file of random bytes; large ones are put by another way than small ones. */
  private Path file(String name, int size) throws IOException {
    byte[] content = new byte[size];
    new Random(size).nextBytes(content);
    return Files.write(folder.resolve(name), content);
  }

  private static Digest digest(Path file) throws IOException {
    return DigestFunction.SHA256.digest(Files.readAllBytes(file));
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @ParameterizedTest
  @EnumSource(names = {"COPY", "AUTO", "LINK"})
  void put_inEveryMode_publishesTheContent(PutMode mode) throws IOException {
    for (int size : new int[] {0, 1, 1000, 3_000_000}) {
      Path file = file("file" + size, size);
      Digest digest = digest(file);
      assertThat(store.put(file, mode, null)).isEqualTo(digest);
      assertThat(store.locate(digest, false)).hasSameBinaryContentAs(file);
      assertThat(mode(store.locate(digest, false))).isEqualTo("r--r--r--");
    }
  }

  @Test
  void put_byCopy_leavesTheFileAloneAndIndependent() throws IOException {
    Path file = file("file", 1000);
    FileStamp before = FileStamp.of(POSIX, file);
    Digest digest = store.put(file, PutMode.COPY, null);
    assertThat(FileStamp.of(POSIX, file)).isEqualTo(before);
    Files.write(file, new byte[1], StandardOpenOption.APPEND);
    assertThat(store.read(digest, 1 << 20)).hasSize(1000);
    assertThat(store.putCounts()).isEqualTo(new PutCounts(1, 0, 0, 0));
  }

  @Test
  void put_byCopyOfLargeFileThatIsThere_writesNothing() throws IOException {
    Path file = file("file", 3_000_000);
    Digest digest = store.put(file, PutMode.COPY, null);
    FileStamp blob = FileStamp.of(POSIX, store.locate(digest, false));
    assertThat(store.put(file, PutMode.COPY, null)).isEqualTo(digest);
    assertThat(FileStamp.of(POSIX, store.locate(digest, false))).isEqualTo(blob);
    assertThat(store.putCounts()).isEqualTo(new PutCounts(1, 0, 0, 1));
  }

  @Test
  void put_byLink_makesTheFileTheBlob() throws IOException {
    Path file = file("file", 1000);
    Digest digest = store.put(file, PutMode.LINK, null);
    assertThat(FileStamp.of(POSIX, store.locate(digest, false)))
        .isEqualTo(FileStamp.of(POSIX, file));
    assertThat(mode(file)).isEqualTo("r--r--r--");
    assertThat(store.putCounts()).isEqualTo(new PutCounts(0, 0, 1, 0));
  }

  @Test
  void put_byLinkOfFileWithTwoNames_copiesIt() throws IOException {
    Path file = file("file", 1000);
    Files.createLink(folder.resolve("other"), file);
    FileStamp before = FileStamp.of(POSIX, file);
    store.put(file, PutMode.LINK, null);
    assertThat(FileStamp.of(POSIX, file)).isEqualTo(before);
    assertThat(store.putCounts()).isEqualTo(new PutCounts(1, 0, 0, 0));
  }

  @Test
  void put_byReflink_sharesTheExtentsOrSaysThatTheDiskCannot() throws IOException {
    try (XfsDisk disk = XfsDisk.mount(folder)) {
      Path file = Files.write(disk.root().resolve("file"), new byte[5_000_000]);
      Digest digest = digest(file);
      try (LocalStore onXfs = open(disk.root().resolve("store"))) {
        assertThat(onXfs.put(file, PutMode.REFLINK, null)).isEqualTo(digest);
        assertThat(onXfs.putCounts()).isEqualTo(new PutCounts(0, 1, 0, 0));
        assertThat(onXfs.locate(digest, false)).hasSameBinaryContentAs(file);
        assertThat(mode(onXfs.locate(digest, false))).isEqualTo("r--r--r--");
        assertThat(onXfs.locate(digest, true)).hasSameBinaryContentAs(file);
        assertThat(mode(onXfs.locate(digest, true))).isEqualTo("r-xr-xr-x");
        Files.write(file, new byte[] {1});
        onXfs.put(file, PutMode.AUTO, null);
        assertThat(onXfs.putCounts()).isEqualTo(new PutCounts(0, 2, 0, 0));
        assertThat(onXfs.read(digest, 5_000_000)).containsOnly(0);
      }
      assertThatThrownBy(() -> store.put(file, PutMode.REFLINK, null))
          .isInstanceOfSatisfying(
              PosixException.class, e -> assertThat(e.errno()).isEqualTo(Errnos.EXDEV))
          .hasMessageContaining("reflink " + file);
      store.put(file, PutMode.AUTO, null);
      assertThat(store.putCounts()).isEqualTo(new PutCounts(1, 0, 0, 0));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"COPY", "AUTO", "LINK"})
  void invariant12_fileThatIsNotWhatWasExpected_isNeverPublished(PutMode mode) throws IOException {
    Digest expected = DigestFunction.SHA256.digest("hello".getBytes(UTF_8));
    for (int size : new int[] {3, 3_000_000}) {
      Path file = file("file" + size, size);
      assertThatThrownBy(() -> store.put(file, mode, expected))
          .isInstanceOf(DigestMismatchException.class);
    }
    assertThat(store.root().resolve("cas")).doesNotExist();
  }

  @ParameterizedTest
  @EnumSource(names = {"COPY", "AUTO", "LINK"})
  void put_ofWhatIsNoRegularFile_isRefusedAndNotFollowed(PutMode mode) throws Exception {
    Path target = file("target", 10);
    Path link = Files.createSymbolicLink(folder.resolve("link"), target);
    assertThatThrownBy(() -> store.put(link, mode, null)).hasMessageContaining("is a symlink");
    assertThatThrownBy(() -> store.put(folder, mode, null)).hasMessageContaining("is a directory");
    Path fifo = folder.resolve("fifo");
    assertThat(new ProcessBuilder("mkfifo", fifo.toString()).start().waitFor()).isZero();
    assertThatThrownBy(() -> store.put(fifo, mode, null)).hasMessageContaining("is a fifo");
    assertThatThrownBy(() -> store.put(folder.resolve("absent"), mode, null))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ENOENT");
  }

  /** The large file is read twice; in the small one only the times tell of the change. */
  @ParameterizedTest
  @ValueSource(ints = {1000, 10_000_000})
  void put_ofFileThatChangesMeanwhile_isAnError(int size) throws Exception {
    Path file = file("file", size);
    AtomicBoolean done = new AtomicBoolean();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                    for (int i = 0; !done.get(); i++) {
                      channel.write(ByteBuffer.wrap(new byte[] {(byte) i}), 0);
                    }
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
    try {
      // The writer may have to wait for a processor.
      assertThatThrownBy(
              () -> {
                while (true) {
                  var _ = store.put(file, PutMode.COPY, null);
                }
              })
          .isInstanceOf(IOException.class)
          .hasMessage(file + " was changed while it was read");
    } finally {
      done.set(true);
      writer.join();
    }
  }

  @Test
  void put_ofOneBlobByManyThreads_publishesItOnce() throws Exception {
    Path file = file("file", 3_000_000);
    Thread[] threads = new Thread[16];
    for (int i = 0; i < threads.length; i++) {
      threads[i] =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      store.put(file, PutMode.COPY, null);
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });
    }
    for (Thread thread : threads) {
      thread.join();
    }
    PutCounts counts = store.putCounts();
    assertThat(counts.copied()).isEqualTo(1);
    assertThat(counts.copied() + counts.present()).isEqualTo(16);
  }
}
