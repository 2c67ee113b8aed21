package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Host;
import build.inputfs.cas.posix.MacOnLinux;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Clones of directories as macOS makes them, where clonefile(2) is {@code cp -a}: real trees, whose
 * files are copies.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class TreeClonerTest extends LinkTest {
  private Path scratch = Path.of("");
  private final AtomicInteger calls = new AtomicInteger();

  @BeforeEach
  void makeScratch() throws IOException {
    scratch = Files.createDirectory(folder.resolve("scratch"));
  }

  /** Clones as clonefile(2) is documented to. */
  private int copy(Path source, Path target) {
    calls.incrementAndGet();
    if (Files.exists(target)) {
      return -Errnos.EEXIST;
    }
    try {
      return LinkFixture.run("cp", "-a", source.toString(), target.toString()) == 0
          ? 0
          : -Errnos.EIO;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private ViewStrategy strategy(CloneFiles.Call call) throws IOException {
    return RealTreeStrategy.open(
        fixture.posix,
        Mechanism.CLONE,
        fixture.store,
        fixture.reader,
        scratch,
        new CacheFolder(folder.resolve("caches")),
        2,
        new CloneFiles(fixture.posix, call));
  }

  private ViewSpec spec(Digest root, Path path, String... outputs) {
    return new ViewSpec(
        root,
        path,
        fixture.posix.geteuid(),
        fixture.posix.getegid(),
        false,
        List.of(outputs),
        Quota.NONE);
  }

  private Digest tree() throws IOException {
    return fixture
        .tree()
        .file("d/a", "A")
        .executable("run", "#!/bin/sh\nexit 9\n")
        .symlink("d/link", "no/such")
        .file("own", "own", false, LinkFixture.mode(0640, 5L))
        .properties("d/e", LinkFixture.mode(0555, 6L))
        .properties(LinkFixture.mode(0750, 7L))
        .put();
  }

  @Test
  void cloner_isChosenByTheSystem() {
    assertThat(TreeCloner.of(MacOnLinux.create().posix())).isInstanceOf(CloneFiles.class);
    assertThat(TreeCloner.of(fixture.posix).movesTrees()).isEqualTo(Host.isMac());
  }

  @Test
  void clonefile_whereTheSystemHasNone_saysSoAndLeavesNothing() {
    if (!Host.isMac()) {
      assertThat(fixture.posix.clonefile(scratch, tree)).isEqualTo(-Errnos.ENOSYS);
      CloneFiles clones = new CloneFiles(fixture.posix, fixture.posix::clonefile);
      assertThat(clones.probe(scratch.resolve("tree"))).isEqualTo(-Errnos.ENOSYS);
      assertThat(scratch).isEmptyDirectory();
    }
    CloneFiles clones = new CloneFiles(fixture.posix, this::copy);
    assertThat(clones.probe(scratch.resolve("none/tree"))).isEqualTo(-Errnos.ENOENT);
    assertThat(clones.destroy(scratch)).isNegative();
    assertThat(calls).hasValue(0);
  }

  @Test
  void views_areClonesOfAKeptTreeAndPrivate() throws Exception {
    Digest root = tree();
    Path plain = folder.resolve("plain");
    fixture.make(root, plain, Mechanism.COPY);
    Map<String, String> expected = fixture.dump(plain);
    try (ViewStrategy strategy = strategy(this::copy)) {
      for (int i = 0; i < 6; i++) {
        Path path = Files.createDirectory(folder.resolve("view" + i));
        Object inode = Files.getAttribute(path, "unix:ino");
        View view = strategy.open(i == 3 ? spec(root, path, "out/o/file") : spec(root, path));
        assertThat(view.mechanism()).isEqualTo("snapshot, in place");
        assertThat(view.counters().keySet()).allMatch(name -> name.startsWith("snapshots made"));
        assertThat(Files.getAttribute(path, "unix:ino")).isEqualTo(inode);
        if (i == 3) {
          assertThat(path.resolve("out/o")).isEmptyDirectory();
        } else {
          assertThat(fixture.dump(path)).isEqualTo(expected);
          assertThat(fixture.stat(path).mtimeSeconds()).isEqualTo(7);
        }
        assertThat(fixture.stat(path.resolve("own")).mtimeSeconds()).isEqualTo(5);
        assertThat(fixture.stat(path.resolve("d/e")).mtimeSeconds()).isEqualTo(6);
        assertThat(LinkFixture.run(path.resolve("run").toString())).isEqualTo(9);
        // Whatever is done in one view is seen in no other, nor in those to come.
        Files.writeString(Files.createDirectory(path.resolve("mine")).resolve("f"), "mine");
        Files.delete(path.resolve("d/link"));
        fixture.posix.chmod(path.resolve("d/a"), 0644);
        Files.writeString(path.resolve("d/a"), "changed");
        if (i % 2 == 0) {
          view.close();
          assertThat(path).isEmptyDirectory();
        }
      }
    }
    assertThat(scratch).isEmptyDirectory();
    assertThat(fixture.store.locate(fixture.put("A"), false)).hasContent("A");
  }

  @Test
  void view_thatIsReadOnly_isRefusedAsThereAreNoBindMounts() throws Exception {
    Path path = Files.createDirectory(folder.resolve("view"));
    ViewSpec asked =
        new ViewSpec(
            tree(),
            path,
            fixture.posix.geteuid(),
            fixture.posix.getegid(),
            true,
            List.of(),
            Quota.NONE);
    try (ViewStrategy strategy = strategy(this::copy)) {
      assertThatThrownBy(() -> strategy.open(asked)).hasMessageContaining("fuse has");
    }
    assertThat(path).isEmptyDirectory();
  }

  @Test
  void view_whereTheDiskCannotCloneDirectories_isMadeFileByFile() throws Exception {
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy strategy = strategy((source, target) -> -Errnos.ENOTSUP);
        View view = strategy.open(spec(tree(), path))) {
      assertThat(view.mechanism()).doesNotContain("snapshot").endsWith(", in place");
      assertThat(path.resolve("d/a")).hasContent("A");
    }
    assertThat(scratch).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ENOTSUP", "EXDEV", "EEXIST"})
  void view_whenCloningStopsToWork_isMadeFileByFileAndSoAreAllOthers(String errno)
      throws Exception {
    int result =
        -switch (errno) {
          case "ENOTSUP" -> Errnos.ENOTSUP;
          case "EXDEV" -> Errnos.EXDEV;
          default -> Errnos.EEXIST;
        };
    AtomicInteger asked = new AtomicInteger();
    // The first call is the probe.
    CloneFiles.Call once =
        (source, target) -> asked.incrementAndGet() == 1 ? copy(source, target) : result;
    Digest root = tree();
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy strategy = strategy(once)) {
      int before = 0;
      for (int i = 0; i < 2; i++) {
        try (View view = strategy.open(spec(root, path))) {
          assertThat(view.mechanism()).endsWith(", in place").doesNotContain("snapshot");
          assertThat(path.resolve("d/a")).hasContent("A");
        }
        assertThat(path).isEmptyDirectory();
        if (i == 0) {
          before = asked.get();
        }
        assertThat(asked).hasValue(before);
      }
    }
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void view_whenTheDiskIsFull_failsAndLeavesNothing() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    CloneFiles.Call full =
        (source, target) -> asked.incrementAndGet() == 1 ? copy(source, target) : -Errnos.ENOSPC;
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy strategy = strategy(full)) {
      assertThatThrownBy(() -> strategy.open(spec(tree(), path))).hasMessageContaining("ENOSPC");
      assertThat(path).isEmptyDirectory();
    }
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void snapshot_whereSomebodyHasPutSomething_takesAnotherPathAndLeavesThat() throws Exception {
    Digest root = tree();
    AtomicInteger asked = new AtomicInteger();
    CloneFiles.Call disturbed =
        (source, target) -> {
          if (asked.incrementAndGet() == 2) {
            make(target);
          }
          return copy(source, target);
        };
    try (Workspace workspace =
            Workspace.open(
                fixture.posix, fixture.remover, new CloneFiles(fixture.posix, disturbed), scratch);
        Snapshots snapshots =
            Objects.requireNonNull(Snapshots.open(workspace, CacheLimits.DEFAULT))) {
      Snapshots.Taken taken =
          snapshots.take(
              root,
              fixture.options(Mechanism.CLONE),
              directory -> {
                fixture.make(root, directory, Mechanism.COPY);
                return fixture.reader.summarize(root);
              });
      assertThat(taken.path().resolve("d/a")).hasContent("A");
      assertThat(asked.get()).isGreaterThanOrEqualTo(3);
    }
  }

  private static void make(Path directory) {
    try {
      Files.createDirectory(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void view_onAnotherDiskThanItsTrees_isMadeThere() throws Exception {
    Path shm = Path.of("/dev/shm");
    if (!Files.isWritable(shm) || Files.getFileStore(shm).equals(Files.getFileStore(folder))) {
      System.out.println("Skipped: there is no second disk at /dev/shm");
      return;
    }
    Path path = Files.createTempDirectory(shm, "inputfs-test-");
    try (ViewStrategy strategy = strategy(this::copy)) {
      View view = strategy.open(spec(tree(), path));
      assertThat(view.mechanism()).endsWith(", in place").doesNotContain("snapshot");
      assertThat(path.resolve("d/a")).hasContent("A");
      view.close();
      assertThat(path).isEmptyDirectory();
    } finally {
      fixture.remover.remove(path);
    }
    assertThat(scratch).isEmptyDirectory();
  }
}
