package build.inputfs.cache.link;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Real trees on each kind of disk, with the store on the same one. */
@Timeout(value = 15, unit = TimeUnit.MINUTES)
final class DisksTest {
  @TempDir Path folder = Path.of("");

  enum Disk {
    /** Whatever holds temporary files. */
    NATIVE,
    TMPFS,
    XFS,
    BTRFS;

    boolean clones() {
      return this == XFS || this == BTRFS;
    }
  }

  @ParameterizedTest
  @EnumSource(Disk.class)
  void trees_onEveryDisk_areTheSameWhateverMadeThem(Disk disk) throws IOException {
    Path place = Files.createDirectory(folder.resolve("disk"));
    mount(disk, place);
    try {
      tryAll(disk, place);
    } finally {
      if (disk != Disk.NATIVE) {
        run("umount", place.toString());
      }
    }
  }

  @Test
  void views_onBtrfs_areSnapshotsOfAKeptTreeAndPrivate() throws Exception {
    Path place = Files.createDirectory(folder.resolve("disk"));
    mount(Disk.BTRFS, place);
    try {
      trySnapshots(place);
    } finally {
      run("umount", place.toString());
    }
  }

  @Test
  void snapshots_ofMoreThanTheLimits_areMadeOfTheTreesThatWereUsedLast() throws Exception {
    Path place = Files.createDirectory(folder.resolve("disk"));
    mount(Disk.BTRFS, place);
    try {
      trySnapshotLimits(place);
    } finally {
      run("umount", place.toString());
    }
  }

  private static void trySnapshotLimits(Path place) throws IOException {
    CacheLimits limits = new CacheLimits(1 << 30, 10, 1);
    try (LinkFixture fixture = new LinkFixture(place);
        Workspace workspace =
            Workspace.open(fixture.posix, fixture.remover, new Subvolumes(fixture.posix), place);
        Snapshots snapshots = Objects.requireNonNull(Snapshots.open(workspace, limits))) {
      Digest small = files(fixture, "small", 2);
      Digest one = files(fixture, "one", 6);
      Digest other = files(fixture, "other", 7);
      Digest large = files(fixture, "large", 30);
      List<Digest> made = new ArrayList<>();
      for (Digest root :
          List.of(small, one, small, other, small, one, small, large, large, small)) {
        Snapshots.Taken taken =
            snapshots.take(
                root,
                fixture.options(Mechanism.CLONE),
                tree -> {
                  made.add(root);
                  fixture.make(root, tree, Mechanism.CLONE);
                  return fixture.reader.summarize(root);
                });
        assertThat(taken.path().resolve("0")).exists();
        workspace.delete(taken.path());
      }
      // `one` had to go for `other`, and everything for what is more than the limit by itself.
      assertThat(made).containsExactly(small, one, other, one, large, small);
    }
  }

  private static Digest files(LinkFixture fixture, String content, int count) throws IOException {
    LinkFixture.Tree tree = fixture.tree();
    for (int i = 0; i < count; i++) {
      tree.file("" + i, content);
    }
    return tree.put();
  }

  @Test
  void delete_ofASubvolumeByWhoMayNotDestroyIt_removesItAsAnyTree() throws IOException {
    Path place = Files.createDirectory(folder.resolve("disk"));
    mount(Disk.BTRFS, place);
    try {
      String java = ProcessHandle.current().info().command().orElseThrow();
      run(
          "setpriv",
          "--bounding-set=-sys_admin",
          java,
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-cp",
          System.getProperty("java.class.path"),
          DeleteSubvolume.class.getName(),
          place.toString());
    } finally {
      run("umount", place.toString());
    }
  }

  private static void trySnapshots(Path place) throws Exception {
    try (LinkFixture fixture = new LinkFixture(place)) {
      Digest root =
          fixture
              .tree()
              .file("d/a", "A")
              .executable("run", "#!/bin/sh\nexit 9\n")
              .symlink("d/link", "no/such")
              .put();
      Path plain = place.resolve("plain");
      fixture.make(root, plain, Mechanism.COPY);
      Map<String, String> expected = fixture.dump(plain);
      Path scratch = Files.createDirectory(place.resolve("scratch"));
      List<View> views = new ArrayList<>();
      try (ViewStrategy strategy =
          RealTreeStrategy.open(
              fixture.posix,
              Mechanism.CLONE,
              fixture.store,
              fixture.reader,
              scratch,
              new CacheFolder(place.resolve("caches")),
              2)) {
        long ahead = 0;
        for (int i = 0; i < 12; i++) {
          Path path = Files.createDirectory(place.resolve("view" + i));
          ViewSpec spec =
              new ViewSpec(
                  root,
                  path,
                  fixture.posix.geteuid(),
                  fixture.posix.getegid(),
                  false,
                  i == 3 ? List.of("out/o/file") : List.of(),
                  Quota.NONE);
          View view = strategy.open(spec);
          views.add(view);
          assertThat(view.mechanism()).isEqualTo("snapshot, bound");
          ahead += view.counters().getOrDefault("snapshots made ahead", 0L);
          if (i == 3) {
            assertThat(path.resolve("out/o")).isEmptyDirectory();
          } else {
            assertThat(fixture.dump(path)).isEqualTo(expected);
          }
          assertThat(LinkFixture.run(path.resolve("run").toString())).isEqualTo(9);
          // Whatever is done in one view is seen in no other, nor in those to come.
          Files.writeString(Files.createDirectory(path.resolve("own")).resolve("f"), "mine");
          Files.delete(path.resolve("d/link"));
          Files.move(path.resolve("d"), path.resolve("e"));
          fixture.posix.chmod(path.resolve("e/a"), 0644);
          Files.writeString(path.resolve("e/a"), "changed");
          if (i % 2 == 0) {
            view.close();
            assertThat(path).isEmptyDirectory();
          }
        }
        // One is made ahead before any that is waited for: a thread makes them in their order.
        assertThat(ahead).isPositive();
        for (View view : views) {
          view.close();
        }
      }
      assertThat(scratch).isEmptyDirectory();
      assertThat(fixture.store.locate(fixture.put("A"), false)).hasContent("A");
    }
  }

  private void tryAll(Disk disk, Path place) throws IOException {
    try (LinkFixture fixture = new LinkFixture(place)) {
      LinkFixture.Tree description =
          fixture
              .tree()
              .file("empty", "")
              .executable("empty-run", "")
              .directory("nothing")
              .executable("run", "#!/bin/sh\nexit 9\n")
              .file("not-run", "#!/bin/sh\nexit 9\n")
              .file("own", "own", true, LinkFixture.mode(0750, 5L))
              .symlink("d/dangling", "no/such")
              .symlink("d/absolute", "/etc")
              .properties("d/e", LinkFixture.mode(0700, 6L))
              .file("ü".repeat(127), "a long name, not ASCII")
              .file("d/large", "0123456789".repeat(200_000));
      for (int i = 0; i < 300; i++) {
        description.file("d/e/f" + i % 7 + "/file" + i, "content " + i % 100);
      }
      Digest root = description.put();
      Path first = place.resolve("tree");
      Map<String, String> expected = Map.of();
      for (Mechanism mechanism : Mechanism.values()) {
        TreeCounts counts = fixture.make(root, first, mechanism);
        if (mechanism == Mechanism.LINK) {
          expected = fixture.dump(first);
          assertThat(expected).hasSize(320);
          assertThat(counts.links()).isEqualTo(304);
        }
        if (mechanism == Mechanism.CLONE) {
          assertThat(disk.clones() ? counts.copies() : counts.clones()).isZero();
          assertThat(disk.clones() ? counts.clones() : counts.copies()).isEqualTo(305);
        }
        assertThat(fixture.dump(first)).isEqualTo(expected);
        assertThat(LinkFixture.run(first.resolve("run").toString())).isEqualTo(9);
        assertThat(fixture.stat(first.resolve("own")).mtimeSeconds()).isEqualTo(5);
        assertThat(fixture.stat(first.resolve("d/e")).mtimeSeconds()).isEqualTo(6);
        // What cp makes of it is the same tree.
        Path copy = place.resolve("copy");
        run("cp", "-r", "--preserve=mode", first.toString(), copy.toString());
        assertThat(fixture.dump(copy)).isEqualTo(expected);
        fixture.remover.remove(copy);
        fixture.remover.remove(first);
        assertThat(first).doesNotExist();
      }
      try (DirectoryCache cache =
              DirectoryCache.open(
                  fixture.posix,
                  fixture.reader,
                  fixture.materializer,
                  fixture.remover,
                  place.resolve("cache"),
                  fixture.options(Mechanism.LINK),
                  new CacheLimits(1 << 30, 1 << 20, 50));
          Pin pin = cache.pin(root);
          Pin again = cache.pin(root)) {
        assertThat(again.joints()).isNotEmpty().isEqualTo(pin.joints());
        assertThat(cache.verify()).isEmpty();
      }
    }
  }

  private void mount(Disk disk, Path place) throws IOException {
    Path image = folder.resolve("image");
    switch (disk) {
      case NATIVE -> {}
      case TMPFS -> {
        need(true, "mount");
        run("mount", "-t", "tmpfs", "none", place.toString());
      }
      case XFS -> {
        need(Files.exists(Path.of("/sbin/mkfs.xfs")), "xfsprogs");
        image(image);
        run("mkfs.xfs", "-q", "-m", "reflink=1", image.toString());
        run("mount", "-o", "loop", image.toString(), place.toString());
      }
      case BTRFS -> {
        need(Files.exists(Path.of("/sbin/mkfs.btrfs")), "btrfs-progs");
        image(image);
        run("mkfs.btrfs", "-q", image.toString());
        run("mount", "-o", "loop", image.toString(), place.toString());
      }
    }
  }

  private static void need(boolean there, String what) {
    boolean possible =
        there
            && "root".equals(System.getProperty("user.name"))
            && Files.exists(Path.of("/dev/loop-control"));
    String reason = "root, loop devices and " + what + " are needed";
    if (!possible) {
      System.out.println("Skipped: " + reason);
    }
    Assumptions.assumeTrue(possible, reason);
  }

  private static void image(Path image) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
      file.setLength(400L << 20);
    }
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(List.of(command) + ": " + output);
      }
    } catch (InterruptedException e) {
      process.destroy();
      throw new IOException(e);
    }
  }
}
