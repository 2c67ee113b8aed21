package build.inputfs.cas.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(600)
final class ExecutableVariantsTest {
  private static final byte[] SCRIPT = "#!/bin/sh\nexit 7\n".getBytes(UTF_8);
  private static final Posix POSIX = Posix.load();

  @TempDir private Path folder;
  private LocalStore store;

  @BeforeEach
  void open() throws IOException {
    store = TestStores.open(folder, POSIX);
  }

  @AfterEach
  void noTemporaryFileIsLeft() throws IOException {
    assertThat(store.root().resolve("inputfs/tmp")).isEmptyDirectory();
    store.close();
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void invariant2_executableIsAnInodeOfItsOwnAndTheBlobIsLeftAlone() throws Exception {
    Digest digest = store.put(SCRIPT);
    FileStamp blob = FileStamp.of(POSIX, store.locate(digest, false));
    Path variant = store.locate(digest, true);
    assertThat(variant).hasBinaryContent(SCRIPT);
    assertThat(mode(variant)).isEqualTo("r-xr-xr-x");
    assertThat(FileStamp.of(POSIX, variant).inode()).isNotEqualTo(blob.inode());
    assertThat(FileStamp.of(POSIX, store.locate(digest, false))).isEqualTo(blob);
    assertThat(new ProcessBuilder(variant.toString()).start().waitFor()).isEqualTo(7);
  }

  @Test
  void invariant2_variantIsMadeOnceThoughManyAsk() throws Exception {
    Digest digest = store.put(new byte[2_000_000]);
    try (ExecutorService threads = Executors.newFixedThreadPool(16)) {
      List<Future<Long>> inodes = new ArrayList<>();
      for (int i = 0; i < 64; i++) {
        inodes.add(threads.submit(() -> FileStamp.of(POSIX, store.locate(digest, true)).inode()));
      }
      long inode = FileStamp.of(POSIX, store.locate(digest, true)).inode();
      for (Future<Long> other : inodes) {
        assertThat(other.get()).isEqualTo(inode);
      }
    }
  }

  @Test
  void invariant2_variantThatWasDamaged_isMadeAgain() throws IOException {
    Digest digest = store.put(SCRIPT);
    Path variant = store.locate(digest, true);
    Files.setPosixFilePermissions(variant, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(mode(store.locate(digest, true))).isEqualTo("r-xr-xr-x");
    Files.delete(variant);
    Files.write(variant, new byte[1]);
    Files.setPosixFilePermissions(variant, PosixFilePermissions.fromString("r-xr-xr-x"));
    assertThat(store.locate(digest, true)).hasBinaryContent(SCRIPT);
  }

  /** Each child that is forked inherits the descriptors that are open just then. */
  @Test
  void invariant2_newExecutableCanBeRunAtOnceThoughOthersFork() throws Exception {
    byte[] program = Files.readAllBytes(Path.of("/bin/true"));
    AtomicBoolean done = new AtomicBoolean();
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      List<Future<Integer>> exits = new ArrayList<>();
      List<Future<Integer>> forkers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        forkers.add(threads.submit(forkUntil(done)));
      }
      for (int i = 0; i < 4; i++) {
        byte first = (byte) i;
        exits.add(
            threads.submit(
                () -> {
                  int sum = 0;
                  for (int k = 0; k < 150; k++) {
                    byte[] variant = Arrays.copyOf(program, program.length + 400_000);
                    variant[program.length] = first;
                    variant[program.length + 1] = (byte) k;
                    Path file = store.locate(store.put(variant), true);
                    sum += new ProcessBuilder(file.toString()).start().waitFor();
                  }
                  return sum;
                }));
      }
      try {
        for (Future<Integer> exit : exits) {
          assertThat(exit.get()).isZero();
        }
      } finally {
        done.set(true);
      }
      for (Future<Integer> forker : forkers) {
        assertThat(forker.get()).isZero();
      }
    }
  }

  private static Callable<Integer> forkUntil(AtomicBoolean done) {
    return () -> {
      int sum = 0;
      while (!done.get()) {
        sum += new ProcessBuilder("/bin/true").start().waitFor();
      }
      return sum;
    };
  }

  @Test
  void awaitNone_whileAnotherProcessHasTheFileOpenForWriting_waits() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));
    store.put(SCRIPT);
    Process writer =
        new ProcessBuilder("sh", "-c", "exec 3>>\"$0\"; echo; read line", file.toString()).start();
    try {
      assertThat(writer.getInputStream().read()).isEqualTo('\n');
      AtomicBoolean released = new AtomicBoolean();
      AtomicBoolean releasedBefore = new AtomicBoolean();
      Thread waiter =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      new OpenWriters(POSIX).awaitNone(file);
                      releasedBefore.set(released.get());
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      while (waiter.getState() != Thread.State.TIMED_WAITING
          && waiter.getState() != Thread.State.TERMINATED) {
        Thread.onSpinWait();
      }
      released.set(true);
      writer.getOutputStream().close();
      assertThat(writer.waitFor()).isEqualTo(1);
      waiter.join();
      assertThat(releasedBefore).isTrue();
    } finally {
      writer.destroyForcibly().waitFor();
    }
  }
}
