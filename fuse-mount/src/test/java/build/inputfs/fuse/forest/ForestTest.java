package build.inputfs.fuse.forest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import build.inputfs.cas.digest.Digest;
import build.inputfs.fuse.kernel.KernelTransport;
import build.inputfs.fuse.kernel.MountOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A forest that is really mounted. Other processes look at it: this one serves it. */
@Timeout(value = 10, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class ForestTest {
  private static final Duration LONG = Duration.ofDays(1);

  @TempDir Path temp;
  private TestTrees trees;
  private Forest forest;

  @BeforeEach
  void mount() throws IOException {
    trees = new TestTrees(temp);
    if (trees.posix.geteuid() != 0 || !Files.isWritable(Path.of("/dev/fuse"))) {
      trees.close();
      String reason = "skipped: mounting needs root and /dev/fuse";
      System.out.println(reason);
      abort(reason);
    }
    forest =
        Forest.mount(
            trees.posix,
            new KernelTransport(trees.posix, MountOptions.PRIVATE.withPassthrough(false)),
            trees.store,
            trees.reader,
            Files.createDirectory(temp.resolve("forest")),
            0,
            0,
            LONG);
  }

  @AfterEach
  void unmount() throws IOException {
    forest.close();
    trees.close();
  }

  private static Map<String, String> files(String changed) {
    Map<String, String> files = new TreeMap<>();
    for (int i = 0; i < 150; i++) {
      files.put("lib/part" + i % 7 + "/" + i, "text " + i);
    }
    files.put("src/main", changed);
    return files;
  }

  /** What find(1) sees in each of these directories, as if it were one. */
  private static int walk(Forest.Stack stack) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("find"));
    stack.directories().forEach(directory -> command.add(directory.toString()));
    command.addAll(List.of("-type", "f", "-printf", ".%s"));
    Process find =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .start();
    String seen = new String(find.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(find.waitFor()).describedAs(seen).isZero();
    return (int) seen.chars().filter(c -> c == '.').count();
  }

  /**
   * What the server was asked. find(1) itself asks about the filesystem each time, and what is
   * forgotten is told in its own time.
   */
  private Map<String, Long> asked() {
    Map<String, Long> requests = new TreeMap<>(forest.requests());
    requests.keySet().removeAll(Set.of("STATFS", "FORGET", "BATCH_FORGET"));
    return requests;
  }

  private static void await(String what, BooleanSupplier wanted) throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (!wanted.getAsBoolean()) {
      if (System.nanoTime() > limit) {
        throw new AssertionError("it does not come to this: " + what);
      }
      Thread.sleep(1);
    }
  }

  @Test
  void stack_overAnotherTree_keepsThatOneTooUntilItIsClosed() throws Exception {
    Digest base = trees.put(files("1"));
    forest.stack(base).close();
    Digest root = trees.put(files("2"));
    try (Forest.Stack stack = forest.stack(root)) {
      assertThat(stack.directories()).hasSize(2);
      assertThat(trees.store.files().sessions().roots()).containsExactly(base);
    }
    assertThat(trees.store.files().sessions().roots()).isEmpty();
  }

  @Test
  void stack_ofAKnownTree_isTheSameDirectoriesAndAsksForNothing() throws Exception {
    Digest root = trees.put(files("1"));
    try (Forest.Stack first = forest.stack(root)) {
      assertThat(walk(first)).isEqualTo(151);
      Map<String, Long> before = asked();
      try (Forest.Stack second = forest.stack(root)) {
        assertThat(second.directories()).isEqualTo(first.directories());
        assertThat(walk(second)).isEqualTo(151);
      }
      assertThat(asked()).isEqualTo(before);
    }
  }

  @Test
  void stack_ofANearTree_hasOnlyTheDifferenceAboveTheKnownOne() throws Exception {
    try (Forest.Stack first = forest.stack(trees.put(files("1")));
        Forest.Stack second = forest.stack(trees.put(files("2")))) {
      assertThat(second.directories()).hasSize(2).endsWith(first.directories().getFirst());
      assertThat(walk(first)).isEqualTo(151);
      assertThat(walk(second)).isEqualTo(152);
    }
  }

  @Test
  void drop_ofTreesThatAreUsed_keepsThem() throws Exception {
    try (Forest.Stack first = forest.stack(trees.put(files("1")))) {
      assertThat(walk(first)).isEqualTo(151);
      int known = forest.nodeCount();
      Forest.Stack near = forest.stack(trees.put(files("2")));
      near.close();
      forest.drop(0);
      assertThat(forest.nodeCount()).isGreaterThanOrEqualTo(known);
      Map<String, Long> before = asked();
      assertThat(walk(first)).isEqualTo(151);
      assertThat(asked()).isEqualTo(before);
    }
  }

  @Test
  void drop_ofWhatNobodyUses_hasTheKernelForgetIt() throws Exception {
    Digest one = trees.put(files("1"));
    Digest two = trees.put(files("2"));
    Forest.Stack first = forest.stack(one);
    Forest.Stack second = forest.stack(two);
    assertThat(walk(second)).isEqualTo(152);
    assertThat(forest.nodeCount()).isGreaterThan(150);
    first.close();
    forest.drop(0);
    assertThat(walk(second)).describedAs("the base of a tree in use stays").isEqualTo(152);
    second.close();
    forest.drop(0);
    forest.drop(0);
    await("the kernel forgets all", () -> forest.nodeCount() == 0);
    try (Forest.Stack again = forest.stack(two)) {
      assertThat(again.directories()).hasSize(1);
      assertThat(walk(again)).isEqualTo(151);
    }
  }

  @Test
  void stack_byManyThreadsWhileTreesAreDropped_isAlwaysWhole() throws Exception {
    List<Digest> roots = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      roots.add(trees.put(files("version " + i)));
    }
    Random random = new Random(Long.getLong("inputfs.test.seed", 90_210L));
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        Digest root = roots.get(random.nextInt(roots.size()));
        Callable<Void> use =
            () -> {
              try (Forest.Stack stack = forest.stack(root)) {
                assertThat(walk(stack)).isBetween(151, 152);
              }
              forest.drop(0);
              return null;
            };
        all.add(threads.submit(use));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    forest.drop(0);
    forest.drop(0);
    await("the kernel forgets all", () -> forest.nodeCount() == 0);
  }
}
