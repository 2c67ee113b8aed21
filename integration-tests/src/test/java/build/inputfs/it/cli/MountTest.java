package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code inputfs mount} and {@code unmount}, and what only a view can be asked. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "OVERLAY", "HARDLINK", "COPY"})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class MountTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  @BeforeEach
  void needsStrategy() {
    Machine.need(strategy);
  }

  @Test
  void mount_whenReady_saysSoAndEndsWithUnmount() {
    BlobName root = Trees.mixed().putInto(bench.store());
    for (List<String> unmount :
        List.of(bench.command("unmount"), List.of("umount"), List.of("umount", "-l"))) {
      Path point = bench.fresh("point");
      Child server = mount(root.hash(), point);
      assertThat(server.out()).isEqualTo("mounted " + root + " on " + point + "\n");
      List<String> command = new ArrayList<>(unmount);
      command.add(point.toString());
      Child.run(bench.folder(), PATIENCE, command).ok();
      assertThat(server.await(PATIENCE).ok().err()).isEmpty();
      assertThat(bench.leftovers()).isEmpty();
      assertThat(point).isEmptyDirectory();
    }
  }

  @Test
  void mount_readOnly_endsWithUnmountToo() {
    InputTree tree = Trees.mixed();
    for (int i = 0; i < 300; i++) {
      tree.file("large/part" + i % 3 + "/file" + i, "content " + i);
    }
    BlobName root = tree.putInto(bench.store());
    Path point = bench.fresh("point");
    Child server = mount(root.hash(), point, "--read-only");
    bench.inputfs("unmount", point.toString()).ok();
    assertThat(server.await(PATIENCE).ok().err()).isEmpty();
    assertThat(bench.leftovers()).isEmpty();
    assertThat(point).isEmptyDirectory();
  }

  @Test
  void unmount_byASymlinkToTheMountPoint_endsIt() throws IOException {
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    Path point = bench.fresh("point");
    Path link = bench.fresh("links").resolve("link");
    Files.createSymbolicLink(link, Path.of("..").resolve(point.getFileName()));
    Child server = mount(root.hash(), point);
    bench.inputfs("unmount", link.toString()).ok();
    assertThat(server.await(PATIENCE).ok().err()).isEmpty();
    assertThat(point).isEmptyDirectory();
  }

  @Test
  void unmount_ofWhatIsInUse_isRefused() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Place view = bench.mount(strategy, root);
    view.expect("open 0 input.txt O_RDONLY");
    Messages.oneLine(bench.inputfs("unmount", view.path().toString()), "in use");
    view.expect("pread 0 0 5 => hello");
  }

  @Test
  void mount_readOnly_refusesEveryChange() {
    Place view = bench.mount(strategy, Trees.mixed().putInto(bench.store()), "--read-only");
    view.expect(
        """
        cat input.txt                  => hello,%20world
        exec ./run.sh                  => exit 7
        list dir                       => a.txt b.txt sub/ up@
        put new 0644 x                 => EROFS
        open 0 input.txt O_RDWR        => EROFS
        truncate input.txt 0           => EROFS
        mkdir new 0755                 => EROFS
        unlink input.txt               => EROFS
        rmdir empty-dir                => EROFS
        rename input.txt x             => EROFS
        link input.txt x               => EROFS
        symlink x y                    => EROFS
        mknod x FIFO 0644              => EROFS
        chmod input.txt 0644           => EROFS
        chown input.txt 1 1            => EROFS
        utimens input.txt 0 0          => EROFS
        open 0 . O_TMPFILE|O_RDWR 0600 => EROFS
        """);
  }

  @Test
  void deviceNodes_areNamesThatNobodyCanOpen() {
    Machine.needRoot();
    Place view = bench.mount(strategy, new InputTree().putInto(bench.store()));
    view.expect(
        """
        mknod null CHR 0666
        lstat null            => chr 0644 1 {me} 0 now
        open 0 null O_RDWR    => EACCES
        cat null              => EACCES
        unlink null
        chmod . 0777
        as 12345 12345
        mknod null CHR 0666   => EPERM
        mknod disk BLK 0666   => EPERM
        list .                => %
        """);
  }

  @Test
  void views_ofOneTree_shareNothingThatIsWritten() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Place one = bench.mount(strategy, root);
    Place two = bench.mount(strategy, root);
    one.expect("put new 0644 x\nunlink twin-1\nrename dir moved");
    if (strategy.hasInputsOfItsOwn()) {
      one.expect("chmod input.txt 0600");
    }
    two.expect(
        """
        stat new         => ENOENT
        cat twin-1       => the%20same
        stat input.txt   => file 0444 1 {me} 12 946684800.000000000
        cat dir/a.txt    => aaa
        """);
    one.expect("cat new => x\nstat dir => ENOENT\ncat moved/a.txt => aaa");
  }

  @Test
  void scratch_afterTheViewHasEnded_isEmpty() {
    Path point = bench.directory("point");
    Path scratch = bench.directory("own-scratch");
    BlobName root = Trees.mixed().putInto(bench.store());
    Child server =
        bench.start(
            List.of(
                "mount",
                "--strategy",
                strategy.option(),
                root.toString(),
                point.toString(),
                "--cas",
                bench.store().folder().toString(),
                "--scratch",
                scratch.toString()));
    bench.awaitMount(server, point);
    Child.run(
            point,
            PATIENCE,
            List.of("sh", "-ec", "cp big large; mkdir -p x/y; cp -r dir x/y/; sync large"))
        .ok();
    assertThat(scratch).isNotEmptyDirectory();
    server.signal("TERM");
    server.await(PATIENCE).ok();
    assertThat(scratch).isEmptyDirectory();
    assertThat(point).isEmptyDirectory();
  }

  @Test
  void otherUsers_mayUseAViewOfRoot() {
    Machine.needRoot();
    bench
        .mount(strategy, Trees.mixed().putInto(bench.store()))
        .expect("as 12345 12345\ncat input.txt => hello,%20world\nstat . => dir 0755 4 0:0 *");
  }

  private Child mount(String root, Path point, String... options) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "mount",
                "--strategy",
                strategy.option(),
                root,
                point.toString(),
                "--cas",
                bench.store().folder().toString()));
    command.addAll(List.of(options));
    Child server = bench.start(command);
    bench.awaitMount(server, point);
    return server;
  }
}
