package build.inputfs.cas.life;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.PutMode;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.store.StoreFullException;
import build.inputfs.cas.tree.TreeBuilder;
import com.google.protobuf.ByteString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A store on a small disk of its own that is full, at every path that writes. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class FullDiskTest {
  private static final int LARGE = 400_000;
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private Path disk;
  private boolean mounted;

  /** A real ext4, as a full tmpfs refuses less. */
  @BeforeEach
  void mount() throws Exception {
    disk = Files.createDirectory(folder.resolve("disk"));
    boolean root = "root".equals(System.getProperty("user.name"));
    if (!root) {
      System.out.println("Skipped: full disks are tested as root");
    }
    assumeTrue(root, "root");
    Path image = folder.resolve("image");
    try (var channel =
        Files.newByteChannel(image, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.position((12L << 20) - 1).write(ByteBuffer.allocate(1));
    }
    run("mkfs.ext4", "-q", "-m", "0", "-N", "2000", image.toString());
    run("mount", "-o", "loop", image.toString(), disk.toString());
    mounted = true;
  }

  @AfterEach
  void unmount() throws Exception {
    if (mounted) {
      run("umount", disk.toString());
    }
  }

  private static void run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private LocalStore open() throws IOException {
    return LocalStore.open(
        disk.resolve("store"),
        DigestFunction.SHA256,
        StoreAccess.READ_WRITE,
        folder.resolve("private"),
        POSIX);
  }

  private static byte[] large(long seed) {
    byte[] bytes = new byte[LARGE];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Takes all room there is, but for less than a block. */
  private Path fill() throws IOException {
    Path filler = disk.resolve("filler");
    byte[] chunk = new byte[1 << 16];
    for (int size = chunk.length; size > 0; size /= 4) {
      try (var out =
          Files.newOutputStream(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
        while (true) {
          out.write(chunk, 0, size);
        }
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("No space left");
      }
    }
    return filler;
  }

  @Test
  void everyPathThatWrites_whenTheDiskIsFull_tellsAndLeavesNothingBehind() throws Throwable {
    Path file = Files.write(folder.resolve("file"), large(1));
    Path tree = Files.createDirectory(folder.resolve("tree"));
    for (int i = 0; i < 4; i++) {
      Files.write(tree.resolve("f" + i), large(10 + i));
    }
    try (LocalStore store = open();
        LocalStore other = open()) {
      Digest program = store.put(large(0));
      Digest kept = store.put(SmallTree.blob(1));
      Path filler = fill();
      ActionResult result =
          ActionResult.newBuilder().setStdoutRaw(ByteString.copyFrom(large(5))).build();
      List<ThrowingCallable> writes =
          List.of(
              () -> store.put(large(2)),
              () -> store.put(new ByteArrayInputStream(large(3)), null),
              () -> store.put(file, PutMode.COPY, null),
              () -> store.put(file, PutMode.AUTO, null),
              () -> store.locate(program, true),
              () -> store.putActionResult(program, result),
              () -> other.lease(program).close(),
              () ->
                  new TreeBuilder(store, POSIX, PutMode.AUTO, Set.of(), size -> {}, 2).build(tree));
      for (ThrowingCallable write : writes) {
        assertThatThrownBy(write)
            .isInstanceOf(StoreFullException.class)
            .hasMessageContaining(disk.resolve("store").toString())
            .hasMessageContaining("No space left on device");
        StoreTotals totals = StoreTotals.count(store.files(), store.function(), POSIX);
        assertThat(totals.blobs().files()).isEqualTo(2);
        assertThat(totals.temporaries().files()).isZero();
        assertThat(totals.variants().files()).isZero();
        assertThat(totals.results().files()).isZero();
      }
      assertThat(store.read(kept, 10_000)).isEqualTo(SmallTree.blob(1));
      assertThat(new StoreCheck(POSIX, store, 2, size -> {}).run()).isEmpty();

      Files.delete(filler);
      for (ThrowingCallable write : writes) {
        write.call();
      }
      assertThat(new StoreCheck(POSIX, store, 2, size -> {}).run()).isEmpty();
    }
  }

  @Test
  void eviction_whenTheDiskIsFull_makesRoom() throws Exception {
    try (LimitedStore limited =
        LimitedStore.open(disk.resolve("store"), DigestFunction.SHA256, 3 * LARGE, POSIX)) {
      while (limited.stats().counting()) {
        Thread.sleep(1);
      }
      LocalStore store = limited.store();
      List<Digest> digests = new ArrayList<>();
      try (Lease _ = store.keepNew()) {
        for (int i = 0; i < 8; i++) {
          digests.add(store.put(large(i)));
        }
        limited.settle();
        assertThat(digests).allMatch(digest -> SmallTree.isThere(store, digest));
        fill();
        assertThatThrownBy(() -> store.put(large(100))).isInstanceOf(StoreFullException.class);
      }
      assertThat(limited.settle()).isTrue();
      assertThat(limited.stats().bytes()).isLessThanOrEqualTo(3 * LARGE);
      Digest digest = store.put(large(100));
      assertThat(store.contains(digest)).isTrue();
    }
  }
}
