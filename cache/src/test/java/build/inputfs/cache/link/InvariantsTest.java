package build.inputfs.cache.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The design's invariants, as far as real trees can break them, each by its number. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class InvariantsTest extends LinkTest {
  private static final Instant DEFAULT_TIME = Instant.parse("2000-01-01T00:00:00Z");

  @Test
  void invariant01_blobs_areUnchangedByTreesThatCameAndWent() throws IOException {
    Digest root =
        fixture.tree().file("a", "one").file("b/c", "two").executable("run", "#!/bin/sh\n").put();
    Path blob = fixture.store.locate(fixture.put("two"), false);
    Path variant = fixture.store.locate(fixture.put("#!/bin/sh\n"), true);
    String blobBefore = stamp(blob);
    String variantBefore = stamp(variant);

    for (Mechanism mechanism : Mechanism.values()) {
      fixture.make(root, tree, mechanism);
      fixture.remover.remove(tree);
    }

    assertThat(stamp(blob)).isEqualTo(blobBefore).startsWith("444 1 ");
    assertThat(stamp(variant)).isEqualTo(variantBefore).startsWith("555 1 ");
  }

  @Test
  void invariant02_anExecutable_isTheVariantsInodeAndCanBeRun() throws IOException {
    Digest root =
        fixture
            .tree()
            .executable("run", "#!/bin/sh\nexit 7\n")
            .file("same", "#!/bin/sh\nexit 7\n")
            .put();

    fixture.make(root, tree, Mechanism.LINK);

    Digest content = fixture.put("#!/bin/sh\nexit 7\n");
    assertThat(fixture.same(tree.resolve("run"), fixture.store.locate(content, true))).isTrue();
    assertThat(fixture.same(tree.resolve("same"), fixture.store.locate(content, false))).isTrue();
    assertThat(fixture.mode(tree.resolve("run"))).isEqualTo(0555);
    assertThat(fixture.mode(tree.resolve("same"))).isEqualTo(0444);
    assertThat(LinkFixture.run(tree.resolve("run").toString())).isEqualTo(7);
  }

  @Test
  void invariant03_aModeOrTimeOfItsOwn_getsAPrivateInode() throws IOException {
    Digest root =
        fixture
            .tree()
            .file("plain", "content")
            .file("mode", "content", false, LinkFixture.mode(0640, null))
            .file("time", "content", false, LinkFixture.mode(-1, 1234L))
            .file("setuid", "content", true, LinkFixture.mode(04755, 99L))
            .put();

    TreeCounts counts = fixture.make(root, tree, Mechanism.LINK);

    Path blob = fixture.store.locate(fixture.put("content"), false);
    assertThat(fixture.same(tree.resolve("plain"), blob)).isTrue();
    assertThat(fixture.mode(tree.resolve("mode"))).isEqualTo(0640);
    assertThat(fixture.mode(tree.resolve("setuid"))).isEqualTo(04755);
    assertThat(fixture.stat(tree.resolve("time")).mtimeSeconds()).isEqualTo(1234);
    assertThat(fixture.stat(tree.resolve("mode")).mtimeSeconds())
        .isEqualTo(DEFAULT_TIME.getEpochSecond());
    for (String name : new String[] {"mode", "time", "setuid"}) {
      assertThat(fixture.stat(tree.resolve(name)).nlink()).as(name).isEqualTo(1);
    }
    assertThat(fixture.mode(blob)).isEqualTo(0444);
    assertThat(counts.links()).isEqualTo(1);
    assertThat(counts.clones() + counts.copies()).isEqualTo(3);
  }

  @Test
  void invariant03_aBlobThatOthersLeftWritable_isNeverLinked() throws IOException {
    Digest root = fixture.tree().file("a", "left at 0644").put();
    Path blob = fixture.store.locate(fixture.put("left at 0644"), false);
    Files.setPosixFilePermissions(blob, PosixFilePermissions.fromString("rw-r--r--"));

    fixture.make(root, tree, Mechanism.LINK);

    assertThat(fixture.same(tree.resolve("a"), blob)).isFalse();
    assertThat(fixture.mode(tree.resolve("a"))).isEqualTo(0444);
    assertThat(fixture.mode(blob)).isEqualTo(0644);
  }

  @Test
  void invariant04_removal_goesThroughNoSymlinkAndChangesNoMode() throws IOException {
    Path outside = Files.createDirectory(folder.resolve("outside"));
    Files.writeString(outside.resolve("precious"), "kept");
    Files.setPosixFilePermissions(
        outside.resolve("precious"), PosixFilePermissions.fromString("---------"));
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("r-xr-xr-x"));
    Digest root =
        fixture
            .tree()
            .symlink("to-directory", outside.toString())
            .symlink("d/to-file", outside.resolve("precious").toString())
            .symlink("loop", "loop")
            .put();
    fixture.make(root, tree, Mechanism.LINK);
    assertThat(Files.readSymbolicLink(tree.resolve("to-directory"))).isEqualTo(outside);

    fixture.remover.remove(tree);

    assertThat(tree).doesNotExist();
    assertThat(fixture.mode(outside)).isEqualTo(0555);
    assertThat(fixture.mode(outside.resolve("precious"))).isZero();
    Files.setPosixFilePermissions(outside, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @Test
  void invariant05_theEmptyBlob_needNotExistAndAnEmptyExecutableCanBeRun() throws IOException {
    Digest root =
        fixture
            .tree()
            .file("empty", "")
            .executable("empty-run", "")
            .file("odd", "", false, LinkFixture.mode(02640, 5L))
            .put();
    Path blob = fixture.store.root().resolve("cas");

    TreeCounts counts = fixture.make(root, tree, Mechanism.LINK);

    assertThat(counts.empty()).isEqualTo(3);
    String hash = fixture.put("").hex();
    assertThat(blob.resolve(hash.substring(0, 2)).resolve(hash)).doesNotExist();
    assertThat(fixture.mode(tree.resolve("empty"))).isEqualTo(0444);
    assertThat(fixture.mode(tree.resolve("odd"))).isEqualTo(02640);
    assertThat(fixture.stat(tree.resolve("odd")).mtimeSeconds()).isEqualTo(5);
    assertThat(fixture.stat(tree.resolve("empty")).mtimeSeconds())
        .isEqualTo(DEFAULT_TIME.getEpochSecond());
    assertThat(LinkFixture.run("sh", "-c", tree.resolve("empty-run").toString())).isZero();
  }

  @Test
  void invariant06_modesAndTimesOfDirectories_areThoseOfTheTreeWhateverTheUmask()
      throws IOException {
    Digest root =
        fixture
            .tree()
            .file("plain/a", "a")
            .file("closed/b", "b")
            .properties("closed", LinkFixture.mode(0500, 77L))
            .executable("run", "#!/bin/sh\n")
            .file("empty", "")
            .file("own", "x", false, LinkFixture.mode(0666, null))
            .put();
    // Only a new process can have another umask: this one's belongs to all its threads.
    String java = ProcessHandle.current().info().command().orElseThrow();
    int exit =
        LinkFixture.run(
            "sh",
            "-c",
            "umask 077 && exec \"$@\"",
            "sh",
            java,
            "--enable-native-access=ALL-UNNAMED",
            "--sun-misc-unsafe-memory-access=allow",
            "-cp",
            System.getProperty("java.class.path"),
            MakeTree.class.getName(),
            folder.toString(),
            root.toString(),
            tree.toString());

    assertThat(exit).isZero();
    assertThat(fixture.mode(tree)).isEqualTo(0755);
    assertThat(fixture.mode(tree.resolve("plain"))).isEqualTo(0755);
    assertThat(fixture.mode(tree.resolve("closed"))).isEqualTo(0500);
    assertThat(fixture.mode(tree.resolve("run"))).isEqualTo(0555);
    assertThat(fixture.mode(tree.resolve("empty"))).isEqualTo(0444);
    assertThat(fixture.mode(tree.resolve("own"))).isEqualTo(0666);
    assertThat(fixture.mode(tree.resolve("plain/a"))).isEqualTo(0444);
    assertThat(fixture.stat(tree.resolve("closed")).mtimeSeconds()).isEqualTo(77);
    assertThat(fixture.stat(tree).mtimeSeconds()).isEqualTo(DEFAULT_TIME.getEpochSecond());
  }

  @Test
  void invariant10_aDestinationThatHoldsSomething_isRefusedAndKept() throws IOException {
    Digest root = fixture.tree().file("a", "one").put();
    Files.createDirectory(tree);
    Files.writeString(tree.resolve("mine"), "mine");

    assertThatThrownBy(() -> fixture.make(root, tree, Mechanism.LINK))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("not empty");

    assertThat(Files.readString(tree.resolve("mine"))).isEqualTo("mine");
    Files.delete(tree.resolve("mine"));
    assertThat(fixture.make(root, tree, Mechanism.LINK).links()).isEqualTo(1);
    Path file = folder.resolve("file");
    Files.writeString(file, "mine");
    assertThatThrownBy(() -> fixture.make(root, file, Mechanism.COPY))
        .isInstanceOf(IOException.class);
    assertThat(Files.readString(file)).isEqualTo("mine");
  }

  @Test
  void invariant11_aNameThatLeadsOut_isRefusedAndNothingIsLeft() throws IOException {
    Directory evil =
        Directory.newBuilder()
            .addFiles(
                FileNode.newBuilder()
                    .setName("../escaped")
                    .setDigest(Digests.toProto(fixture.put("x"))))
            .build();
    Digest bad = fixture.store.put(evil);
    Digest root =
        fixture.store.put(
            Directory.newBuilder()
                .addDirectories(
                    DirectoryNode.newBuilder().setName("d").setDigest(Digests.toProto(bad)))
                .build());

    assertThatThrownBy(() -> fixture.make(root, tree, Mechanism.LINK))
        .isInstanceOf(TreeFailureException.class)
        .hasMessageContaining("invalid");

    assertThat(tree).doesNotExist();
    assertThat(folder.resolve("escaped")).doesNotExist();
  }

  @Test
  void invariant11_aTreeThatIsTooDeep_isRefusedAndNothingIsLeft() throws IOException {
    Digest root = fixture.tree().file("bottom", "x").put();
    for (int level = 1; level <= TreeReader.MAX_DEPTH; level++) {
      DirectoryNode.Builder node = DirectoryNode.newBuilder().setName("d");
      root =
          fixture.store.put(
              Directory.newBuilder().addDirectories(node.setDigest(Digests.toProto(root))).build());
    }
    Digest tooDeep = root;

    assertThatThrownBy(() -> fixture.make(tooDeep, tree, Mechanism.LINK))
        .isInstanceOf(TreeFailureException.class)
        .hasMessageContaining("levels deep");

    assertThat(tree).doesNotExist();
  }

  @Test
  void invariant11_aSmallTreeThatUnfoldsToMillions_isNotMadeToItsEnd() throws Exception {
    LinkFixture.Tree bottom = fixture.tree();
    for (int i = 0; i < 10; i++) {
      bottom.file("f" + i, "x");
    }
    Digest root = bottom.put();
    for (int level = 0; level < 3; level++) {
      Directory.Builder next = Directory.newBuilder();
      for (int i = 0; i < 10; i++) {
        next.addDirectories(
            DirectoryNode.newBuilder().setName("d" + i).setDigest(Digests.toProto(root)));
      }
      root = fixture.store.put(next.build());
    }
    Digest large = root; // 10,000 files

    assertThatThrownBy(() -> make(large, 1000)).hasMessage("the tree has more than 1000 entries");

    try (var made = Files.walk(tree)) {
      assertThat(made.count()).isLessThan(1200);
    }
    fixture.remover.empty(tree);
    assertThat(make(large, 11_110).files()).isEqualTo(10_000);
  }

  private TreeCounts make(Digest root, long maxEntries) throws IOException {
    Files.createDirectories(tree);
    int flags = Posix.O_RDONLY | Posix.O_DIRECTORY;
    int fd = Posix.check(fixture.posix.open(tree, flags, 0), "open " + tree);
    Inodes inodes = new Inodes(fixture.posix, fixture.options(Mechanism.LINK));
    try (ForkJoinPool pool = new ForkJoinPool(2);
        FileMaker files =
            new FileMaker(
                fixture.posix,
                fixture.store,
                inodes,
                Mechanism.LINK,
                Materializer.DISK_LINK_LIMIT)) {
      TreeMaker maker =
          new TreeMaker(
              fixture.posix,
              fixture.reader,
              new TreeWalk(pool),
              inodes,
              files,
              TreeListener.NONE,
              TreeMaker.Joints.NONE,
              maxEntries);
      maker.make(root, fd, Inodes.DIRECTORY_MODE);
      return maker.counts();
    }
  }

  @Test
  void invariant13_aMissingBlob_isToldWithItsPathAndNothingIsLeft() throws IOException {
    Digest content = fixture.put("soon gone");
    Digest root = fixture.tree().file("there", "x").blob("deep/er/gone", content).put();
    Files.delete(fixture.store.locate(content, false));

    assertThatThrownBy(() -> fixture.make(root, tree, Mechanism.LINK))
        .isInstanceOfSatisfying(
            TreeFailureException.class,
            e -> {
              assertThat(e.failure().path()).isEqualTo("deep/er/gone");
              assertThat(e.failure().digest()).isEqualTo(content);
              assertThat(e).hasMessageContaining("missing blob blobs/" + content);
            });

    assertThat(tree).doesNotExist();
  }

  @Test
  void invariant14_whenAnInodeTakesNoMoreLinks_aReplicaStandsIn() throws IOException {
    try (LinkFixture limited = new LinkFixture(folder.resolve("limited"), 4)) {
      LinkFixture.Tree description = limited.tree();
      for (int i = 0; i < 40; i++) {
        description.file("d" + i % 3 + "/file" + i, "popular");
        description.executable("x" + i % 3 + "/run" + i, "popular");
      }
      Digest root = description.put();

      TreeCounts counts = limited.make(root, tree, Mechanism.LINK);

      assertThat(counts.files()).isEqualTo(80);
      assertThat(counts.replicas()).isGreaterThanOrEqualTo(80 / 5).isLessThan(80);
      assertThat(counts.links()).isGreaterThan(20);
      Map<String, String> found = limited.dump(tree);
      assertThat(found).hasSize(80 + 7);
      found.forEach(
          (path, what) ->
              assertThat(what)
                  .as(path)
                  .isEqualTo(
                      path.contains("file")
                          ? "100444 popular"
                          : path.contains("run") ? "100555 popular" : "40755 "));
      assertThat(limited.stat(limited.store.locate(limited.put("popular"), false)).nlink())
          .isBetween(3, 4 + LinkFixture.THREADS);
    }
  }

  @Test
  void invariant15_linking_isTriedAndWhatReallyRanIsCounted() throws IOException {
    Path other = Path.of("/dev/shm");
    boolean possible =
        Files.isWritable(other) && fixture.stat(other).device() != fixture.stat(folder).device();
    if (!possible) {
      System.out.println("Skipped: there is no second disk in /dev/shm");
    }
    Assumptions.assumeTrue(possible, "a second disk");
    Path elsewhere = Files.createTempDirectory(other, "inputfs-link-test-");
    try {
      Digest root = fixture.tree().file("a", "one").executable("d/b", "#!/bin/sh\nexit 3\n").put();

      TreeCounts counts = fixture.make(root, elsewhere, Mechanism.LINK);

      assertThat(counts.links()).isZero();
      assertThat(counts.copies()).isEqualTo(2);
      assertThat(counts.mechanism()).isEqualTo("copy");
      assertThat(Files.readString(elsewhere.resolve("a"))).isEqualTo("one");
      assertThat(LinkFixture.run(elsewhere.resolve("d/b").toString())).isEqualTo(3);
      assertThat(fixture.stat(elsewhere.resolve("a")).mtimeSeconds())
          .isEqualTo(DEFAULT_TIME.getEpochSecond());
    } finally {
      fixture.remover.remove(elsewhere);
    }
  }

  /** Mode, links, owner, size, times and content: all that nobody may change. */
  private String stamp(Path file) throws IOException {
    FileStat stat = fixture.stat(file);
    FileTime mtime = Files.getLastModifiedTime(file);
    return "%o %d %d:%d %s %s"
        .formatted(
            stat.mode() & 07777,
            stat.nlink(),
            stat.uid(),
            stat.gid(),
            mtime,
            Files.readString(file));
  }
}
