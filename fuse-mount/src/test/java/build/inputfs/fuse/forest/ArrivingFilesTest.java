package build.inputfs.fuse.forest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.fetch.FetchOptions;
import build.inputfs.cas.fetch.FetchingSource;
import build.inputfs.cas.remote.BatchSink;
import build.inputfs.cas.remote.ChunkSink;
import build.inputfs.cas.remote.RemoteBlobs;
import build.inputfs.cas.remote.TreeSink;
import build.inputfs.cas.store.MissingBlobException;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.kernel.KernelTransport;
import build.inputfs.fuse.kernel.MountOptions;
import build.inputfs.fuse.mutable.FuseStrategy;
import build.inputfs.fuse.vfs.FailureLog;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A large file that arrives while others read it, in real mounts. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ArrivingFilesTest {
  private static final int SIZE = 5 << 20;
  private static final int CHUNK = 64 << 10;

  @TempDir Path temp;
  private final byte[] content = new byte[SIZE];
  private final Gated remote = new Gated();
  private TestTrees trees;
  private FetchingSource source;
  private TreeReader reader;
  private Digest digest;
  private Digest root;

  /** Has one blob, and sends as much of it as it is let. */
  private final class Gated implements RemoteBlobs {
    final Semaphore chunks = new Semaphore(0);
    volatile boolean damaged;

    @Override
    public String name() {
      return "of the test";
    }

    @Override
    public void readBatch(Collection<Digest> digests, BatchSink sink) throws IOException {
      for (Digest wanted : digests) {
        sink.failure(wanted, new MissingBlobException(wanted, "not here"));
      }
    }

    @Override
    public void readUnverified(Digest wanted, ChunkSink sink) throws IOException {
      byte[] sent = content.clone();
      sent[0] ^= (byte) (damaged ? 1 : 0);
      for (int at = 0; at < SIZE; at += CHUNK) {
        try {
          chunks.acquire();
        } catch (InterruptedException e) {
          throw new InterruptedIOException();
        }
        sink.take(ByteBuffer.wrap(sent, at, Math.min(CHUNK, SIZE - at)));
      }
    }

    @Override
    public void tree(Digest wanted, TreeSink sink) throws IOException {
      throw new MissingBlobException(wanted, "not here");
    }
  }

  @BeforeEach
  void open() throws IOException {
    trees = new TestTrees(temp);
    if (trees.posix.geteuid() != 0 || !Files.isWritable(Path.of("/dev/fuse"))) {
      trees.close();
      String reason = "skipped: mounting needs root and /dev/fuse";
      System.out.println(reason);
      abort(reason);
    }
    new Random(1).nextBytes(content);
    digest = trees.store.function().digest(content);
    DirectoryBuilder directory = new DirectoryBuilder();
    directory.addFile("big", digest, false, null);
    root = trees.store.put(directory.build());
    source = new FetchingSource(trees.store, remote, FetchOptions.USUAL);
    reader = new TreeReader(source, 1 << 20);
  }

  @AfterEach
  void close() throws IOException {
    source.close();
    trees.close();
  }

  private static Process start(String command, Path file) throws IOException {
    return new ProcessBuilder("sh", "-c", command + " \"$0\"", file.toString())
        .redirectErrorStream(true)
        .redirectInput(Path.of("/dev/null").toFile())
        .start();
  }

  private static byte[] output(Process process, int code) throws Exception {
    byte[] output = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).as(new String(output, UTF_8)).isEqualTo(code);
    return output;
  }

  private static byte[] first(Path file) throws Exception {
    return output(start("head -c 4", file), 0);
  }

  private void readWhileItArrives(Path file) throws Exception {
    remote.chunks.release(8);
    assertThat(first(file)).isEqualTo(Arrays.copyOf(content, 4));
    assertThat(source.isArriving(digest)).isTrue();
    Process whole = start("cat", file);
    remote.chunks.release(10_000);
    assertThat(output(whole, 0)).isEqualTo(content);
    assertThat(output(start("cat", file), 0)).isEqualTo(content);
  }

  private void readWhatTurnsOutWrong(Path file) throws Exception {
    remote.damaged = true;
    remote.chunks.release(8);
    assertThat(first(file)).as("not known to be wrong yet").isNotEqualTo(Arrays.copyOf(content, 4));
    Process whole = start("tail -c 10", file);
    remote.chunks.release(10_000); // the kernel asks once more for a page that it could not have
    assertThat(new String(output(whole, 1), UTF_8)).contains("Input/output error");
    remote.damaged = false;
    byte[] wanted = Arrays.copyOf(content, 4);
    while (!Arrays.equals(start("head -c 4", file).getInputStream().readAllBytes(), wanted)) {
      Thread.sleep(10); // until the kernel has been told, and the last wrong one has gone
    }
    assertThat(output(start("cat", file), 0)).isEqualTo(content);
  }

  private Forest forest(FailureLog failures) throws IOException {
    Forest forest =
        Forest.mount(
            trees.posix,
            new KernelTransport(trees.posix, MountOptions.PRIVATE.withPassthrough(false)),
            source,
            reader,
            Files.createDirectory(temp.resolve("forest")),
            0,
            0,
            Duration.ofDays(1));
    forest.record(failures);
    return forest;
  }

  @Test
  void forest_readsWhileItArrives() throws Exception {
    FailureLog failures = new FailureLog();
    try (Forest forest = forest(failures);
        Forest.Stack stack = forest.stack(root)) {
      readWhileItArrives(stack.directories().getFirst().resolve("big"));
    }
    assertThat(failures.all()).isEmpty();
    assertThat(failures.waitedNanos((path, which) -> path.equals("big") && which.equals(digest)))
        .isPositive();
  }

  @Test
  void forest_whenItTurnsOutWrong_failsAndForgetsIt() throws Exception {
    FailureLog failures = new FailureLog();
    try (Forest forest = forest(failures);
        Forest.Stack stack = forest.stack(root)) {
      readWhatTurnsOutWrong(stack.directories().getFirst().resolve("big"));
    }
    assertThat(failures.all())
        .isNotEmpty()
        .allMatch(failure -> digest.equals(failure.digest()) && failure.path().equals("big"));
  }

  private View view(boolean passthrough) throws IOException {
    FuseStrategy strategy =
        new FuseStrategy(
            trees.posix,
            new KernelTransport(trees.posix, MountOptions.PRIVATE.withPassthrough(passthrough)),
            source,
            reader,
            Files.createDirectory(temp.resolve("scratch")));
    Path path = Files.createDirectory(temp.resolve("view"));
    return strategy.open(new ViewSpec(root, path, 0, 0, false, List.of(), Quota.NONE));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void view_readsWhileItArrives(boolean passthrough) throws Exception {
    try (View view = view(passthrough)) {
      readWhileItArrives(view.path().resolve("big"));
      assertThat(view.failures()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void view_whenItTurnsOutWrong_failsAndForgetsIt(boolean passthrough) throws Exception {
    try (View view = view(passthrough)) {
      readWhatTurnsOutWrong(view.path().resolve("big"));
      assertThat(view.failures()).isNotEmpty().allMatch(each -> digest.equals(each.digest()));
    }
  }
}
