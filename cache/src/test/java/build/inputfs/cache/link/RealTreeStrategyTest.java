package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ActionResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class RealTreeStrategyTest extends LinkTest {
  private Path scratch = Path.of("");

  @BeforeEach
  void makeScratch() throws IOException {
    scratch = Files.createDirectory(folder.resolve("scratch"));
  }

  private ViewStrategy strategy(Mechanism mechanism) throws IOException {
    return RealTreeStrategy.open(
        fixture.posix,
        mechanism,
        fixture.store,
        fixture.reader,
        scratch,
        new CacheFolder(folder.resolve("caches")),
        2);
  }

  private ViewSpec spec(Digest root, Path path, boolean readOnly, String... outputs) {
    return new ViewSpec(
        root,
        path,
        fixture.posix.geteuid(),
        fixture.posix.getegid(),
        readOnly,
        List.of(outputs),
        Quota.NONE);
  }

  @ParameterizedTest
  @EnumSource(Mechanism.class)
  void aWorkersExecDirectory_isMadeUsedAndGone(Mechanism mechanism) throws IOException {
    Digest root =
        fixture.tree().executable("cc", "#!/bin/sh\ncat a > out/o/a.o\n").file("a", "A").put();
    Path execRoot = Files.createDirectory(folder.resolve("exec"));
    ViewStrategy strategy = strategy(mechanism);
    try (ExecDirectories directories =
        new ExecDirectories(strategy, execRoot, fixture.posix.geteuid(), fixture.posix.getegid())) {
      Path directory = directories.create("operation-1", root, List.of("out/o/a.o"));
      assertThat(
              LinkFixture.run("sh", "-c", "cd \"$1\" && ./cc && mkdir mine", "sh", directory + ""))
          .isZero();

      View view = directories.view(directory);
      ActionResult result =
          new OutputCollector(fixture.store, fixture.store)
              .collect(view.tree(), DeclaredOutputs.ofPaths(List.of("out/o/a.o", "none", "out")));
      assertThat(result.getOutputFilesCount()).isEqualTo(1);
      assertThat(result.getOutputFiles(0).getDigest().getHash()).isEqualTo(fixture.put("A").hex());
      assertThat(result.getOutputDirectoriesCount()).isEqualTo(1);
      assertThat(view.counters()).containsKey("directories made");
      assertThat(view.failures()).isEmpty();

      directories.destroy(directory);
      assertThat(execRoot).isEmptyDirectory();
    }
    assertThat(scratch).isEmptyDirectory();
    assertThat(fixture.stat(fixture.store.locate(fixture.put("A"), false)).nlink()).isEqualTo(1);
  }

  @Test
  void open_readOnly_showsATreeOfTheCacheThatNobodyCanWrite() throws IOException {
    needRoot();
    LinkFixture.Tree description = fixture.tree().file("d/a", "A");
    for (int i = 0; i < CacheLimits.DEFAULT.subtreeEntries(); i++) {
      description.file("d/large/e" + i % 3 + "/f" + i, "content " + i % 9);
    }
    Digest root = description.put();
    Path path = Files.createDirectory(folder.resolve("view"));
    Path second = Files.createDirectory(folder.resolve("second"));
    for (int round = 0; round < 2; round++) {
      try (ViewStrategy strategy = strategy(Mechanism.LINK);
          View view = strategy.open(spec(root, path, true));
          View other = strategy.open(spec(root, second, true))) {
        assertThat(view.mechanism()).isEqualTo("hardlink, cached, bound");
        assertThat(view.counters()).containsEntry("cached trees shown", 3L);
        assertThat(fixture.dump(path))
            .isEqualTo(fixture.dump(second))
            .hasSize(7 + (int) CacheLimits.DEFAULT.subtreeEntries());
        assertThat(fixture.same(path.resolve("d/a"), second.resolve("d/a"))).isTrue();
        for (String place : new String[] {"d/b", "d/large/b", "d/large/e1/b"}) {
          assertThatThrownBy(() -> Files.createFile(path.resolve(place)))
              .hasMessageContaining("Read-only");
        }
        assertThat(other.tree().find("d/large/e1/f1")).isInstanceOf(ViewTree.RegularFile.class);
        // Another process at the same time has no cache, and does without.
        try (ViewStrategy stranger = strategy(Mechanism.LINK)) {
          Path third = Files.createDirectories(folder.resolve("third"));
          View own = stranger.open(spec(root, third, true));
          assertThat(own.mechanism()).isEqualTo("hardlink, bound");
          assertThat(fixture.dump(third)).isEqualTo(fixture.dump(path));
          assertThatThrownBy(() -> Files.createFile(third.resolve("d/b")))
              .hasMessageContaining("Read-only");
          own.close();
        }
      }
      assertThat(path).isEmptyDirectory();
      assertThat(second).isEmptyDirectory();
    }
  }

  @Test
  void tree_ofLinks_knowsWhichFilesAreInputsStill() throws IOException {
    Digest root =
        fixture
            .tree()
            .file("d/kept", "kept")
            .executable("d/run", "#!/bin/sh\n")
            .file("d/own", "own", false, LinkFixture.mode(0640, null))
            .file("d/changed", "one")
            .file("d/written", "written")
            .file("e/x", "two")
            .file("f/x", "six")
            .put();
    for (String content : List.of("kept", "written")) {
      // As of a store that was there before.
      Files.setLastModifiedTime(
          fixture.store.locate(fixture.put(content), false), FileTime.fromMillis(86_400_000));
    }
    Path run = fixture.store.locate(fixture.put("#!/bin/sh\n"), true);
    Files.setLastModifiedTime(run, FileTime.fromMillis(86_400_000));
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy strategy = strategy(Mechanism.LINK);
        View view = strategy.open(spec(root, path, false))) {
      int done =
          LinkFixture.run(
              "sh",
              "-ec",
              "cd \"$1\"; rm d/changed; echo new > d/changed; ln d/kept d/again; mv e g; mv f e;"
                  + "chmod u+w d/written; touch d/written",
              "sh",
              path.toString());
      assertThat(done).isZero();
      ViewTree tree = view.tree();
      assertThat(digestOf(tree, "d/kept")).isEqualTo(fixture.put("kept"));
      assertThat(digestOf(tree, "d/run")).isEqualTo(fixture.put("#!/bin/sh\n"));
      for (String other : List.of("d/own", "d/changed", "d/written", "d/again", "e/x", "g/x")) {
        assertThat(digestOf(tree, other)).as(other).isNull();
      }
      ActionResult result =
          new OutputCollector(fixture.store, fixture.store)
              .collect(tree, DeclaredOutputs.ofPaths(List.of("e/x", "d/again", "d/run")));
      assertThat(result.getOutputFilesList())
          .extracting(file -> file.getDigest().getHash())
          .containsExactlyInAnyOrder(
              fixture.put("six").hex(),
              fixture.put("kept").hex(),
              fixture.put("#!/bin/sh\n").hex());
    }
  }

  private static @Nullable Digest digestOf(ViewTree tree, String path) throws IOException {
    return tree.find(path) instanceof ViewTree.RegularFile file ? file.digest() : null;
  }

  @Test
  void safeLinks_refusesWhoCouldWriteToTheStore() throws IOException {
    needRoot();
    Digest root = fixture.tree().file("d/a", "A").put();
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy safe =
        new SafeLinks(fixture.posix, fixture.store, strategy(Mechanism.LINK))) {
      assertThatThrownBy(
              () -> safe.open(new ViewSpec(root, path, 0, 0, false, List.of(), Quota.NONE)))
          .hasMessageContaining("root");
      try (View view =
          safe.open(new ViewSpec(root, path, 1234, 1234, false, List.of(), Quota.NONE))) {
        assertThat(view.mechanism()).isEqualTo("hardlink, bound");
      }
      Path blob = fixture.store.locate(root, false);
      Files.setAttribute(blob, "unix:uid", 1234);
      assertThatThrownBy(
              () -> safe.open(new ViewSpec(root, path, 1234, 1234, false, List.of(), Quota.NONE)))
          .hasMessageContaining("user 1234, owns the store");
    }
    assertThat(path).isEmptyDirectory();
  }

  @Test
  void open_whenABlobIsMissing_leavesNoMountAndNoFile() throws IOException {
    Digest content = fixture.put("gone");
    Digest root = fixture.tree().file("d/a", "A").blob("gone", content).put();
    Files.delete(fixture.store.locate(content, false));
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy strategy = strategy(Mechanism.LINK)) {
      assertThatThrownBy(() -> strategy.open(spec(root, path, false)))
          .isInstanceOf(TreeFailureException.class)
          .hasMessageContaining("missing blob blobs/" + content);
      assertThat(path).isEmptyDirectory();
      assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(path.toString());
    }
    assertThat(scratch).isEmptyDirectory();
  }

  @Test
  void open_whenAFileIsAboveAnOutput_saysSo() throws IOException {
    Digest root = fixture.tree().file("a", "A").symlink("link", "/").put();
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy strategy = strategy(Mechanism.LINK)) {
      for (String output : new String[] {"a/b/c", "link/b/c"}) {
        assertThatThrownBy(() -> strategy.open(spec(root, path, false, output)))
            .hasMessageContaining(output);
        assertThat(path).isEmptyDirectory();
      }
    }
    assertThat(Path.of("/b")).doesNotExist();
  }

  @Test
  void open_removesWhatKilledProcessesLeftAndNothingElse() throws IOException {
    Path left = Files.createDirectories(scratch.resolve("trees-123/4/5"));
    Path other = Files.createDirectories(scratch.resolve("view-9"));
    Digest root = fixture.tree().file("a", "A").put();
    Path path = Files.createDirectory(folder.resolve("view"));
    try (ViewStrategy first = strategy(Mechanism.LINK);
        View view = first.open(spec(root, path, false))) {
      assertThat(left).doesNotExist();
      strategy(Mechanism.COPY).close();
      assertThat(path.resolve("a")).exists();
      assertThat(view.tree().find("a")).isInstanceOf(ViewTree.RegularFile.class);
    }
    assertThat(other).isDirectory();
  }

  @Test
  void open_byWhoMayNotMount_makesTheTreeInPlace() throws IOException {
    needRoot();
    Assumptions.assumeTrue(Files.exists(Path.of("/usr/bin/unshare")), "unshare");
    Digest root = fixture.tree().file("d/a", "A").executable("run", "#!/bin/sh\n").put();
    Path path = Files.createDirectory(folder.resolve("view"));
    // Without CAP_SYS_ADMIN, the last of the bounding set that mount(2) asks for.
    String java = ProcessHandle.current().info().command().orElseThrow();
    int exit =
        LinkFixture.run(
            "setpriv",
            "--bounding-set=-sys_admin",
            java,
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            InPlace.class.getName(),
            folder.toString(),
            root.toString(),
            path.toString());
    assertThat(exit).isZero();
    assertThat(path).isEmptyDirectory();
    assertThat(scratch).isEmptyDirectory();
  }

  private void needRoot() {
    boolean root = fixture.posix.geteuid() == 0;
    if (!root) {
      System.out.println("Skipped: only root may mount");
    }
    Assumptions.assumeTrue(root, "root");
  }
}
