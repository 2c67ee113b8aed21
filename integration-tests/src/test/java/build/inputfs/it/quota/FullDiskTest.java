package build.inputfs.it.quota;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Disk;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.StoreSnapshot;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A disk that is full: under a scratch, and under a store. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "FUSE_CACHED", "OVERLAY"})
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FullDiskTest {
  private static final long DISK = 24 << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  private final InputTree tree =
      new InputTree().file("big", "an input of more than a megabyte ".repeat(60_000));

  @BeforeEach
  void needsStrategy() {
    bench.need(strategy);
  }

  @Test
  void everyWayToWrite_onAFullDisk_isRefusedAndNothingIsLost() throws IOException {
    Path scratch = bench.small(Disk.EXT4, DISK);
    BlobName root = tree.putInto(bench.store());
    StoreSnapshot before = StoreSnapshot.of(bench.store().folder().resolve("cas"));
    Place place = bench.mount(strategy, root, "--scratch", scratch.toString());
    place.shell("echo kept > kept; dd if=/dev/urandom of=old bs=64k count=4 status=none").ok();
    String kept = place.shell("cksum kept old big").ok().out();
    // The disk is filled by somebody else.
    Path ballast = scratch.resolveSibling("ballast");
    Child.run(Path.of("/"), PATIENCE, List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=4k"));
    Outcome full =
        place.shell(
            """
            exec 2>&1
            dd if=/dev/zero of=new bs=64k count=1 status=none && echo WRITTEN
            (echo more >> big) && echo COPIED UP
            (cp old copy) && echo COPIED
            fallocate -l 1M allocated && echo ALLOCATED
            truncate -s 1G sparse
            dd if=/dev/zero of=sparse bs=64k count=1 seek=99 conv=notrunc status=none && echo FILLED
            dd if=/dev/zero of=old bs=64k count=1 seek=4 conv=notrunc status=none && echo GROWN
            echo kept | dd of=kept conv=notrunc status=none
            rm -f new copy allocated sparse
            cksum kept old big
            """);
    assertThat(full.exit()).as(full.toString()).isZero();
    assertThat(full.out()).contains("No space left on device").endsWith(kept);
    assertThat(full.out()).doesNotContain("WRITTEN", "COPIED", "ALLOCATED", "FILLED", "GROWN");
    // Room is made, and all goes on.
    Files.delete(ballast);
    Outcome again =
        place
            .shell(
                """
                dd if=/dev/zero of=new bs=64k count=20 status=none
                echo more >> big
                tail -n 1 big
                cp big copy
                cksum kept
                """)
            .ok();
    assertThat(again.out()).contains("more\n").endsWith(kept.substring(0, kept.indexOf('\n') + 1));
    assertThat(StoreSnapshot.of(bench.store().folder().resolve("cas"))).isEqualTo(before);
  }

  @Test
  void outputs_forWhichTheStoreHasNoRoom_areToldAndNothingHalfIsStored() throws IOException {
    Path folder = bench.small(Disk.EXT4, DISK);
    Path ballast = folder.resolve("ballast");
    Path store = Files.createDirectory(folder.resolve("store"));
    Path inputs = bench.source(tree);
    run(store, inputs, "true").ok();
    Child.run(Path.of("/"), PATIENCE, List.of("dd", "if=/dev/zero", "of=" + ballast, "bs=4k"));
    StoreSnapshot before = StoreSnapshot.of(store.resolve("cas"));
    Outcome full = run(store, inputs, "head -c 2000000 /dev/urandom > out");
    assertThat(full.exit()).as(full.toString()).isEqualTo(125);
    assertThat(full.err())
        .contains("inputfs: the disk of the store in " + store + " is full")
        .contains("No space left on device");
    assertThat(StoreSnapshot.of(store.resolve("cas"))).isEqualTo(before);
    Files.delete(ballast);
    assertThat(run(store, inputs, "head -c 2000000 /dev/urandom > out").ok().err())
        .contains("out  ");
  }

  private Outcome run(Path store, Path inputs, String script) {
    return bench.inputfs(
        "run",
        "--strategy",
        strategy.option(),
        "--cas",
        store.toString(),
        "--inputs",
        inputs.toString(),
        "--output",
        "out",
        "--",
        "sh",
        "-c",
        script);
  }
}
