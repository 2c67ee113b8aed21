package build.inputfs.cache.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.DirectoryBuilder;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The making of trees. The property {@code inputfs.test.runs} says how many times new executables
 * are run while others fork.
 */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class MaterializerTest extends LinkTest {
  private static final int BUSY_THREADS = 8;

  /** The files of the tree that {@link #executables} makes. */
  private static final List<String> EXECUTABLES = List.of("linked", "private", "d/linked");

  @ParameterizedTest
  @EnumSource(Mechanism.class)
  void materialize_ofEveryKindOfEntry_isTheTree(Mechanism mechanism) throws IOException {
    String longest = "n".repeat(255);
    LinkFixture.Tree description =
        fixture
            .tree()
            .file("plain", "content")
            .file("same", "content")
            .executable("run", "content")
            .file("empty", "")
            .executable("empty-run", "")
            .directory("empty-dir")
            .symlink("dangling", "no/such")
            .symlink("absolute", "/etc/passwd")
            .symlink("d/up", "../plain")
            .symlink("to-dir", "d")
            .file("ÄÖ/雪/naïve", "names")
            .file(longest, "long");
    Map<String, String> expected = new TreeMap<>();
    expected.put("", "40755 ");
    expected.put("plain", "100444 content");
    expected.put("same", "100444 content");
    expected.put("run", "100555 content");
    expected.put("empty", "100444 ");
    expected.put("empty-run", "100555 ");
    expected.put("empty-dir", "40755 ");
    expected.put("dangling", "120777 -> no/such");
    expected.put("absolute", "120777 -> /etc/passwd");
    expected.put("d", "40755 ");
    expected.put("d/up", "120777 -> ../plain");
    expected.put("to-dir", "120777 -> d");
    expected.put("ÄÖ", "40755 ");
    expected.put("ÄÖ/雪", "40755 ");
    expected.put("ÄÖ/雪/naïve", "100444 names");
    expected.put(longest, "100444 long");
    StringBuilder deep = new StringBuilder();
    for (int i = 0; i < 300; i++) {
      deep.append(i == 0 ? "z" : "/z");
      expected.put(deep.toString(), "40755 ");
    }
    Digest root = description.file(deep + "/bottom", "deep").put();
    expected.put(deep + "/bottom", "100444 deep");

    TreeCounts counts = fixture.make(root, tree, mechanism);

    assertThat(fixture.dump(tree)).isEqualTo(expected);
    assertThat(counts.files()).isEqualTo(8);
    assertThat(counts.symlinks()).isEqualTo(4);
    assertThat(counts.directories()).isEqualTo(expected.size() - 8 - 4);
    if (mechanism != Mechanism.LINK) {
      assertThat(fixture.stat(tree.resolve("plain")).nlink()).isEqualTo(1);
      assertThat(counts.links()).isZero();
    }
    fixture.remover.remove(tree);
    assertThat(tree).doesNotExist();
  }

  @Test
  void materialize_aDirectoryOfAHundredThousandEntries_isWhole() throws IOException {
    LinkFixture.Tree description = fixture.tree();
    Digest content = fixture.put("one content");
    for (int i = 0; i < 30_000; i++) {
      description.blob("wide/file" + i, content);
      description.file("wide/empty" + i, "");
      description.symlink("wide/link" + i, "file" + i);
    }
    for (int i = 0; i < 10_000; i++) {
      description.directory("wide/directory" + i);
    }

    TreeCounts counts = fixture.make(description.put(), tree, Mechanism.LINK);

    assertThat(counts.links()).isEqualTo(30_000);
    assertThat(counts.directories()).isEqualTo(10_002);
    try (var names = Files.list(tree.resolve("wide"))) {
      assertThat(names.count()).isEqualTo(100_000);
    }
    fixture.remover.remove(tree);
    assertThat(tree).doesNotExist();
  }

  @Test
  void materialize_aSparseFileOfFiveGigabytes_copiesItsDataAlone() throws IOException {
    Path sparse = folder.resolve("sparse");
    long size = 5L << 30;
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(size);
      file.seek(3L << 30);
      file.write("in the middle".getBytes(UTF_8));
    }
    // Its hash would take many seconds and is of no concern here: the store looks at the size.
    Digest digest = Digest.of("ab".repeat(32), size);
    Path blob = fixture.store.root().resolve("cas/ab").resolve(digest.hex());
    Files.createDirectories(blob.getParent());
    Files.move(sparse, blob);
    LinkFixture.run("chmod", "444", blob.toString());
    Digest root = fixture.tree().blob("sparse", digest).put();

    fixture.make(root, tree, Mechanism.COPY);

    FileStat stat = fixture.stat(tree.resolve("sparse"));
    assertThat(stat.size()).isEqualTo(size);
    assertThat(stat.blocks() * 512).isLessThan(1 << 20);
    try (RandomAccessFile file = new RandomAccessFile(tree.resolve("sparse").toFile(), "r")) {
      file.seek(3L << 30);
      byte[] start = new byte[13];
      file.readFully(start);
      assertThat(new String(start, UTF_8)).isEqualTo("in the middle");
    }
  }

  @Test
  void materialize_forAnotherOwner_ownsAllThatIsNotLinked() throws IOException {
    boolean root = fixture.posix.geteuid() == 0;
    if (!root) {
      System.out.println("Skipped: only root can give files away");
    }
    Assumptions.assumeTrue(root, "root");
    Digest digest =
        fixture
            .tree()
            .file("d/linked", "x")
            .file("empty", "")
            .symlink("link", "d")
            .file("own", "x", true, LinkFixture.mode(04711, null))
            .put();

    fixture.materializer.materialize(
        digest, tree, new TreeOptions(Mechanism.LINK, 1234, 5678), TreeListener.NONE);

    for (String path : new String[] {"", "d", "empty", "link", "own"}) {
      FileStat stat = fixture.stat(tree.resolve(path));
      assertThat(stat.uid() + ":" + stat.gid()).as(path).isEqualTo("1234:5678");
    }
    assertThat(fixture.mode(tree.resolve("own"))).isEqualTo(04711);
    assertThat(fixture.stat(tree.resolve("d/linked")).uid()).isZero();
  }

  @Test
  void materialize_whenInterrupted_stopsAndLeavesNothing() throws Exception {
    LinkFixture.Tree description = fixture.tree();
    for (int i = 0; i < 3000; i++) {
      description.file("d" + i % 50 + "/file" + i, "content " + i % 10);
    }
    Digest root = description.put();
    AtomicInteger made = new AtomicInteger();
    Thread maker = Thread.currentThread();

    assertThatThrownBy(
            () ->
                fixture.materializer.materialize(
                    root,
                    tree,
                    fixture.options(Mechanism.LINK),
                    bytes -> {
                      if (made.incrementAndGet() == 500) {
                        maker.interrupt();
                      }
                      if (made.get() >= 500) {
                        // So slowly that it cannot be over before the interrupt is noticed.
                        LockSupport.parkNanos(20_000_000);
                      }
                    }))
        .isInstanceOf(InterruptedIOException.class);

    assertThat(Thread.interrupted()).isTrue();
    assertThat(tree).doesNotExist();
    assertThat(fixture.make(root, tree, Mechanism.LINK).files()).isEqualTo(3000);
  }

  @Test
  void invariant02_executables_madeAndRunByManyWhileOthersFork_areNeverBusy() throws Exception {
    int perRound = BUSY_THREADS * EXECUTABLES.size();
    int rounds = Math.ceilDiv(Integer.getInteger("inputfs.test.runs", 12 * perRound), perRound);
    AtomicBoolean over = new AtomicBoolean();
    AtomicInteger runs = new AtomicInteger();
    Path trueProgram = Path.of("/bin/true");
    byte[] program = Files.readAllBytes(trueProgram);
    try (ExecutorService threads = Executors.newCachedThreadPool()) {
      Future<?> forking =
          threads.submit(
              () -> {
                while (!over.get()) {
                  LinkFixture.run(trueProgram.toString());
                }
                return null;
              });
      List<Callable<Void>> makers = new ArrayList<>();
      for (int thread = 0; thread < BUSY_THREADS; thread++) {
        int number = thread;
        makers.add(
            () -> {
              for (int round = 0; round < rounds; round++) {
                // New content each time, so that variants are made and not only linked.
                byte[] own = Arrays.copyOf(program, program.length + 8);
                own[program.length] = (byte) number;
                own[program.length + 1] = (byte) round;
                own[program.length + 2] = (byte) (round >> 8);
                Digest digest = fixture.store.put(own);
                Digest root = executables(digest);
                Path place = folder.resolve("busy-" + number + "-" + round);
                fixture.make(root, place, round % 2 == 0 ? Mechanism.LINK : Mechanism.COPY);
                for (String name : EXECUTABLES) {
                  assertThat(LinkFixture.run(place.resolve(name).toString())).isZero();
                  runs.incrementAndGet();
                }
                fixture.remover.remove(place);
              }
              return null;
            });
      }
      try {
        for (Future<Void> maker : threads.invokeAll(makers)) {
          maker.get();
        }
      } finally {
        over.set(true);
      }
      forking.get();
    }
    assertThat(runs.get()).isEqualTo(rounds * perRound);
  }

  @Test
  void invariant02_aPrivateExecutable_isNotHandedOutWhileAnyoneHasItOpenForWriting()
      throws Exception {
    byte[] content = new byte[32 << 20];
    new Random(1).nextBytes(content); // large enough to be caught while it is written
    Digest root = executables(fixture.store.put(content));
    boolean caught = false;
    for (int attempt = 0; attempt < 50 && !caught; attempt++) {
      caught = awaitsWriter(root, folder.resolve("attempt" + attempt), content.length);
    }
    assertThat(caught).as("a file was opened while it was written").isTrue();
  }

  /** Whether a file was opened for writing while it was made; checks that it was waited for. */
  private boolean awaitsWriter(Digest root, Path place, long size) throws Exception {
    Path file = place.resolve("private");
    AtomicBoolean caught = new AtomicBoolean();
    AtomicBoolean held = new AtomicBoolean();
    AtomicBoolean over = new AtomicBoolean();
    Thread writer =
        Thread.ofPlatform()
            .start(
                () -> {
                  // As a child has it that was forked while the file was written.
                  int fd = -1;
                  while (fd < 0 && !over.get()) {
                    fd = fixture.posix.open(file, Posix.O_WRONLY, 0);
                  }
                  FileStat stat = new FileStat();
                  if (fixture.posix.fstat(fd, stat) == 0 && stat.size() < size) {
                    held.set(true);
                    caught.set(true);
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(700));
                    held.set(false);
                  }
                  fixture.posix.close(fd);
                });
    try {
      fixture.make(root, place, Mechanism.COPY);
      assertThat(held.get()).isFalse();
    } finally {
      over.set(true);
      writer.join();
    }
    fixture.remover.remove(place);
    return caught.get();
  }

  private Digest executables(Digest program) throws IOException {
    var directory = new DirectoryBuilder();
    directory.addFile("linked", program, true, null);
    Digest below = fixture.store.put(directory.build());
    var top = new DirectoryBuilder();
    top.addFile("linked", program, true, null);
    top.addFile("private", program, true, LinkFixture.mode(0755, 1L));
    top.addDirectory("d", below);
    return fixture.store.put(top.build());
  }
}
