package build.inputfs.cas.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LocalStoreTest {
  private static final byte[] HELLO = "hello\n".getBytes(UTF_8);
  private static final Digest HELLO_DIGEST = DigestFunction.SHA256.digest(HELLO);
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private Path root;
  private Path privateFolder;
  private LocalStore store;

  @BeforeEach
  void open() throws IOException {
    root = folder.resolve("store");
    privateFolder = folder.resolve("private");
    store = open(root, StoreAccess.READ_WRITE);
  }

  @AfterEach
  void noTemporaryFileIsLeft() throws IOException {
    assertThat(temporaryFiles(root.resolve("inputfs"))).isEmpty();
    assertThat(temporaryFiles(privateFolder)).isEmpty();
    store.close();
  }

  private LocalStore open(Path path, StoreAccess access) throws IOException {
    return LocalStore.open(path, DigestFunction.SHA256, access, privateFolder, POSIX);
  }

  private static List<Path> temporaryFiles(Path own) throws IOException {
    Path temporary = own.resolve("tmp");
    if (!Files.exists(temporary)) {
      return List.of();
    }
    try (var files = Files.list(temporary)) {
      return files.toList();
    }
  }

  private Path blob(Digest digest) {
    return root.resolve("cas").resolve(digest.hex().substring(0, 2)).resolve(digest.hex());
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void open_ofBazelsDiskCache_readsAllOfItAndChangesNothing() throws IOException {
    Path recorded = RecordedActions.copyTo(folder.resolve("recorded"));
    DiskImage before = DiskImage.of(POSIX, recorded);
    try (LocalStore bazel = open(recorded, StoreAccess.READ_ONLY)) {
      assertThat(bazel.isWritable()).isFalse();
      assertThat(bazel.listActions()).hasSize(8).isSorted();
      int blobs = 0;
      try (var files = Files.walk(recorded.resolve("cas"))) {
        for (Path file : files.filter(Files::isRegularFile).toList()) {
          Digest digest = bazel.resolve(file.getFileName().toString());
          assertThat(bazel.contains(digest)).isTrue();
          assertThat(DigestFunction.SHA256.digest(bazel.read(digest, 1 << 20))).isEqualTo(digest);
          assertThat(bazel.locate(digest, false)).isEqualTo(file);
          assertThat(bazel.locate(digest, true)).startsWith(privateFolder);
          blobs++;
        }
      }
      assertThat(blobs).isGreaterThan(50);
      for (String action : bazel.listActions()) {
        assertThat(bazel.getActionResult(bazel.resolve(action))).isNotNull();
      }
    }
    assertThat(DiskImage.of(POSIX, recorded)).isEqualTo(before);
  }

  @Test
  void put_intoStoreThatIsReadOnly_failsAndChangesNothing() throws IOException {
    Path recorded = RecordedActions.copyTo(folder.resolve("recorded"));
    DiskImage before = DiskImage.of(POSIX, recorded);
    Path file = Files.write(folder.resolve("file"), HELLO);
    try (LocalStore bazel = open(recorded, StoreAccess.READ_ONLY)) {
      assertThatThrownBy(() -> bazel.put(HELLO)).hasMessageContaining("opened for reading only");
      assertThatThrownBy(() -> bazel.put(new ByteArrayInputStream(HELLO), null))
          .hasMessageContaining("opened for reading only");
      assertThatThrownBy(() -> bazel.put(file, PutMode.LINK, null))
          .hasMessageContaining("opened for reading only");
      assertThatThrownBy(
              () -> bazel.putActionResult(HELLO_DIGEST, ActionResult.getDefaultInstance()))
          .hasMessageContaining("opened for reading only");
      bazel.locate(DigestFunction.SHA256.empty(), true);
    }
    assertThat(DiskImage.of(POSIX, recorded)).isEqualTo(before);
  }

  @Test
  void open_automatic_writesWhereTheModeAllowsItAndReadsElsewhere() throws IOException {
    try (LocalStore made = open(folder.resolve("new"), StoreAccess.AUTOMATIC)) {
      assertThat(made.isWritable()).isTrue();
    }
    Path sealed = Files.createDirectory(folder.resolve("sealed"));
    Files.setPosixFilePermissions(sealed, PosixFilePermissions.fromString("r-xr-xr-x"));
    try (LocalStore found = open(sealed, StoreAccess.AUTOMATIC)) {
      assertThat(found.isWritable()).isFalse();
    }
  }

  @Test
  void open_readOnlyWhereThereIsNoFolder_failsAndMakesNone() {
    Path absent = folder.resolve("absent");
    assertThatThrownBy(() -> open(absent, StoreAccess.READ_ONLY))
        .isInstanceOf(IOException.class)
        .hasMessage("there is no store in " + absent);
    assertThat(absent).doesNotExist();
  }

  @Test
  void open_onARegularFile_saysSo() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    assertThatThrownBy(() -> open(file, StoreAccess.AUTOMATIC))
        .hasMessageContaining("is not a folder");
  }

  @Test
  void put_laysBlobsOutAsBazelDoesAndMakesThem0444() throws IOException {
    assertThat(store.put(HELLO)).isEqualTo(HELLO_DIGEST);
    assertThat(blob(HELLO_DIGEST)).hasBinaryContent(HELLO);
    assertThat(mode(blob(HELLO_DIGEST))).isEqualTo("r--r--r--");
    assertThat(store.locate(HELLO_DIGEST, false)).isEqualTo(blob(HELLO_DIGEST));
    assertThat(store.read(HELLO_DIGEST, HELLO.length)).isEqualTo(HELLO);
    try (FileChannel channel = store.openBlobChannel(HELLO_DIGEST)) {
      ByteBuffer content = ByteBuffer.allocate(100);
      channel.read(content);
      assertThat(content.flip()).isEqualTo(ByteBuffer.wrap(HELLO));
    }
  }

  @Test
  void put_ofStream_givesItsDigest() throws IOException {
    byte[] large = new byte[1_000_000];
    large[999_999] = 1;
    Digest digest = store.put(new ByteArrayInputStream(large), null);
    assertThat(digest).isEqualTo(DigestFunction.SHA256.digest(large));
    assertThat(blob(digest)).hasBinaryContent(large);
    assertThat(mode(blob(digest))).isEqualTo("r--r--r--");
  }

  @Test
  void put_ofStreamThatIsThereAlready_doesNotReadIt() throws IOException {
    store.put(HELLO);
    InputStream unreadable =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("read");
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            throw new IOException("read");
          }
        };
    assertThat(store.put(unreadable, HELLO_DIGEST)).isEqualTo(HELLO_DIGEST);
    assertThatThrownBy(() -> store.put(unreadable, null)).hasMessage("read");
  }

  @Test
  void put_whereABlobHasTheWrongSize_replacesIt() throws IOException {
    store.put(HELLO);
    Files.delete(blob(HELLO_DIGEST));
    Files.write(blob(HELLO_DIGEST), new byte[] {1});
    assertThat(store.contains(HELLO_DIGEST)).isFalse();
    store.put(HELLO);
    assertThat(store.read(HELLO_DIGEST, 100)).isEqualTo(HELLO);
  }

  @Test
  void invariant1_publishedBlobIsNeverTouched() throws IOException {
    store.put(HELLO);
    FileStamp published = FileStamp.of(POSIX, blob(HELLO_DIGEST));
    Path file = Files.write(folder.resolve("file"), HELLO);
    store.put(HELLO);
    store.put(new ByteArrayInputStream(HELLO), null);
    store.put(new ByteArrayInputStream(HELLO), HELLO_DIGEST);
    store.put(file, PutMode.COPY, null);
    store.put(file, PutMode.AUTO, null);
    store.put(file, PutMode.LINK, HELLO_DIGEST);
    store.locate(HELLO_DIGEST, true);
    store.read(HELLO_DIGEST, 100);
    open(root, StoreAccess.READ_WRITE).close();
    assertThat(FileStamp.of(POSIX, blob(HELLO_DIGEST))).isEqualTo(published);
  }

  @Test
  void invariant12_streamThatIsNotWhatWasExpected_isNeverPublished() {
    byte[] other = "other\n".getBytes(UTF_8);
    assertThatThrownBy(() -> store.put(new ByteArrayInputStream(other), HELLO_DIGEST))
        .isInstanceOf(DigestMismatchException.class)
        .hasMessageContaining(HELLO_DIGEST.toString())
        .hasMessageContaining(DigestFunction.SHA256.digest(other).toString());
    assertThat(root.resolve("cas")).doesNotExist();
  }

  @Test
  void invariant12_streamThatIsTooLong_isCutOffAndNeverPublished() {
    ByteArrayInputStream tooLong = new ByteArrayInputStream(new byte[100 << 20]);
    assertThatThrownBy(() -> store.put(tooLong, HELLO_DIGEST))
        .isInstanceOf(DigestMismatchException.class)
        .hasMessageContaining("6 bytes");
    assertThat(tooLong.available()).isGreaterThan(99 << 20);
    assertThat(root.resolve("cas")).doesNotExist();
  }

  @Test
  void invariant12_contentThatWasCorruptedOnTheDisk_isNotGivenOut() throws IOException {
    store.put(HELLO);
    Files.delete(blob(HELLO_DIGEST));
    Files.write(blob(HELLO_DIGEST), "jello\n".getBytes(UTF_8));
    assertThatThrownBy(() -> store.read(HELLO_DIGEST, 100))
        .isInstanceOf(DigestMismatchException.class);
  }

  @Test
  void locate_ofMissingBlob_namesItAndForgetsThatItWas() throws IOException {
    for (boolean executable : new boolean[] {false, true}) {
      assertThatThrownBy(() -> store.locate(HELLO_DIGEST, executable))
          .isInstanceOf(MissingBlobException.class)
          .hasMessageStartingWith("missing blob blobs/" + HELLO_DIGEST);
    }
    store.put(HELLO);
    assertThat(store.locate(HELLO_DIGEST, true)).hasBinaryContent(HELLO);
    Files.delete(blob(HELLO_DIGEST));
    for (boolean executable : new boolean[] {false, true}) {
      assertThatThrownBy(() -> store.locate(HELLO_DIGEST, executable))
          .isInstanceOfSatisfying(
              MissingBlobException.class, e -> assertThat(e.digest()).isEqualTo(HELLO_DIGEST));
    }
  }

  @Test
  void locate_ofBlobThatLostItsSize_saysSo() throws IOException {
    store.put(HELLO);
    Files.delete(blob(HELLO_DIGEST));
    Files.write(blob(HELLO_DIGEST), new byte[3]);
    assertThatThrownBy(() -> store.locate(HELLO_DIGEST, false))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageContaining("has 3 bytes");
  }

  @Test
  void locate_whereABlobIsASymlinkOrAFolder_doesNotFollowIt() throws IOException {
    Path elsewhere = Files.write(folder.resolve("elsewhere"), HELLO);
    Files.createDirectories(blob(HELLO_DIGEST).getParent());
    Files.createSymbolicLink(blob(HELLO_DIGEST), elsewhere);
    assertThatThrownBy(() -> store.locate(HELLO_DIGEST, false))
        .isInstanceOf(MissingBlobException.class)
        .hasMessageContaining("not a regular file");
    Files.delete(blob(HELLO_DIGEST));
    Files.createDirectory(blob(HELLO_DIGEST));
    assertThatThrownBy(() -> store.locate(HELLO_DIGEST, false))
        .isInstanceOf(MissingBlobException.class);
  }

  @Test
  void read_ofBlobBeyondTheLimit_isRefused() throws IOException {
    store.put(HELLO);
    assertThatThrownBy(() -> store.read(HELLO_DIGEST, HELLO.length - 1))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("larger than the 5 bytes");
  }

  @Test
  void invariant5_emptyBlobIsThereThoughNobodyPutIt() throws IOException {
    Digest empty = DigestFunction.SHA256.empty();
    assertThat(store.contains(empty)).isTrue();
    assertThat(store.read(empty, 0)).isEmpty();
    assertThat(store.locate(empty, false)).isEmptyFile();
    assertThat(mode(store.locate(empty, false))).isEqualTo("r--r--r--");
    assertThat(store.locate(empty, true)).isEmptyFile();
    assertThat(mode(store.locate(empty, true))).isEqualTo("r-xr-xr-x");
    assertThat(store.put(new byte[0])).isEqualTo(empty);
    assertThat(store.put(new ByteArrayInputStream(new byte[0]), null)).isEqualTo(empty);
    assertThat(store.resolve(empty.hex())).isEqualTo(empty);
    assertThat(root.resolve("cas")).doesNotExist();
  }

  @Test
  void actionResult_isFoundByTheHashOfItsAction() throws IOException {
    assertThat(store.getActionResult(HELLO_DIGEST)).isNull();
    assertThat(store.listActions()).isEmpty();
    store.putActionResult(HELLO_DIGEST, ActionResult.newBuilder().setExitCode(1).build());
    ActionResult second = ActionResult.newBuilder().setExitCode(2).build();
    store.putActionResult(HELLO_DIGEST, second);
    assertThat(store.getActionResult(HELLO_DIGEST)).isEqualTo(second);
    assertThat(root.resolve("ac").resolve(HELLO_DIGEST.hex().substring(0, 2)))
        .isDirectoryContaining(file -> file.endsWith(HELLO_DIGEST.hex()));
    Files.createFile(root.resolve("ac/README"));
    Files.createFile(root.resolve("ac").resolve(HELLO_DIGEST.hex().substring(0, 2)).resolve("x"));
    assertThat(store.listActions()).containsExactly(HELLO_DIGEST.hex());
  }

  @Test
  void actionResult_thatCannotBeDecoded_isAnErrorThatNamesTheFile() throws IOException {
    store.putActionResult(HELLO_DIGEST, ActionResult.getDefaultInstance());
    Path file = root.resolve("ac").resolve(HELLO_DIGEST.hex().substring(0, 2));
    file = file.resolve(HELLO_DIGEST.hex());
    Files.delete(file);
    Files.write(file, new byte[] {(byte) 0xff});
    assertThatThrownBy(() -> store.getActionResult(HELLO_DIGEST))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  @Test
  void resolve_takesAHashAloneWhenTheStoreHasIt() throws IOException {
    store.put(HELLO);
    assertThat(store.resolve(HELLO_DIGEST.hex())).isEqualTo(HELLO_DIGEST);
    assertThat(store.resolve("blobs/" + HELLO_DIGEST)).isEqualTo(HELLO_DIGEST);
    String other = DigestFunction.SHA256.digest(new byte[1]).hex();
    assertThatThrownBy(() -> store.resolve(other))
        .isInstanceOf(InvalidDigestException.class)
        .hasMessageContaining("no blob of hash " + other);
    assertThatThrownBy(() -> store.resolve("nonsense")).isInstanceOf(InvalidDigestException.class);
  }

  @Test
  void close_refusesFurtherPutsAndGoesOnReading() throws IOException {
    store.put(HELLO);
    store.close();
    assertThatThrownBy(() -> store.put(new byte[1])).hasMessage("the store is closed");
    assertThat(store.read(HELLO_DIGEST, 100)).isEqualTo(HELLO);
  }

  @Test
  void meter_countsPutsTheirBytesAndWhatIsMissing() throws IOException {
    store.put(HELLO);
    store.put(HELLO);
    Digest missing = DigestFunction.SHA256.digest(new byte[3]);
    assertThatThrownBy(() -> store.locate(missing, false)).isInstanceOf(MissingBlobException.class);

    List<Reading> readings = new ArrayList<>();
    store.meter(readings::add);

    assertThat(readings)
        .extracting(Reading::name, Reading::labels, Reading::value)
        .contains(
            tuple("store_puts", Map.of("by", "copy"), 1L),
            tuple("store_puts", Map.of("by", "nothing"), 1L),
            tuple("store_put_bytes", Map.of(), (long) HELLO.length),
            tuple("store_missing_blobs", Map.of(), 1L));
  }
}
