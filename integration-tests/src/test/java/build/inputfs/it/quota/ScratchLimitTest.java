package build.inputfs.it.quota;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A limited scratch, seen by the programs that fill it. */
@ParameterizedClass(name = "{0}")
@EnumSource
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ScratchLimitTest {
  private static final long LIMIT = 8 << 20;
  private static final int FILES = 40;

  /** How a limit is kept. */
  enum Way {
    COUNTED(Strategy.FUSE, "disk", 0),
    COUNTED_WITHOUT_PASSTHROUGH(Strategy.FUSE_CACHED, "disk", 0),
    FUSE_ON_TMPFS(Strategy.FUSE, "tmpfs", 0),
    /** The marks that overlayfs leaves take room of files here. */
    OVERLAY_ON_TMPFS(Strategy.OVERLAY, "tmpfs", 4),
    OVERLAY_ON_TMPFS_IN_NAMESPACE(Strategy.OVERLAY_USER, "tmpfs", 4);

    private final Strategy strategy;
    private final String kind;
    private final int missing;

    Way(Strategy strategy, String kind, int missing) {
      this.strategy = strategy;
      this.kind = kind;
      this.missing = missing;
    }
  }

  /** What a disk takes for itself. */
  private static final long SLACK = 128 << 10;

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Way way = Way.COUNTED;

  private final String input =
      "an input that is larger than what is left of a page ".repeat(20_000);
  private final InputTree tree =
      new InputTree().file("big", input).file("small", "small").file("dir/below", "below");

  @BeforeEach
  void needsStrategy() {
    bench.need(way.strategy);
  }

  private Place limited() {
    BlobName root = tree.putInto(bench.store());
    return bench.mount(
        way.strategy, root, "--scratch-limit", "8MiB," + FILES, "--scratch-kind", way.kind);
  }

  @Test
  void bytes_areRefusedAtEveryWayToWrite() {
    Place place = limited();
    Outcome outcome =
        place.shell(
            """
            df -B1 --output=size,iavail . | tail -n 1
            exec 2>&1
            dd if=/dev/zero of=x bs=100k count=1000 status=none && echo UNLIMITED
            stat -c %s x
            (echo more >> big) 2>/dev/null && echo COPIED UP
            (cp x y) 2>/dev/null && echo COPIED
            (fallocate -l 1M z) 2>/dev/null && echo ALLOCATED
            truncate -s 1T sparse
            (dd if=/dev/zero of=sparse bs=64k count=4 seek=1000 conv=notrunc status=none) \\
                2>/dev/null && echo FILLED
            echo over | dd of=x conv=notrunc status=none
            cksum < big
            rm x sparse
            dd if=/dev/zero of=y bs=1M count=5 status=none
            echo more >> big
            tail -c 5 big
            """);
    String[] lines = outcome.out().split("\n", -1);
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
    assertThat(lines[0].strip()).matches(LIMIT + " +40");
    assertThat(lines[1]).containsAnyOf("Disk quota exceeded", "No space left on device");
    assertThat(Long.parseLong(lines[2])).isBetween(LIMIT - SLACK, LIMIT);
    String checksum = bench.copy(way.strategy, tree).shell("cksum < big").ok().out().strip();
    assertThat(lines).hasSize(6).contains(checksum, "more");
    assertThat(lines[3]).isEqualTo(checksum);
  }

  @Test
  void files_areRefusedWhateverTheirKind() {
    Place place = limited();
    Outcome outcome =
        place.shell(
            """
            exec 2>/dev/null
            i=0; while mkdir "d$i"; do i=$((i + 1)); done
            echo "$i"
            (: > file) && echo FILE
            ln -s t symlink && echo SYMLINK
            mkfifo fifo && echo FIFO
            ln small link && echo LINK
            (echo more >> small) && echo COPIED UP
            cat small dir/below; echo
            rmdir d1 d2
            touch file d3/another
            ls -d file d3/another
            """);
    assertThat(outcome.exit()).as(outcome.toString()).isZero();
    String[] lines = outcome.out().split("\n", 2);
    assertThat(Integer.parseInt(lines[0])).isBetween(FILES - way.missing, FILES);
    assertThat(lines[1]).isEqualTo("smallbelow\nd3/another\nfile\n");
  }

  @Test
  void mapping_pastTheLimit_isToldAtTheLatestWhenItIsWrittenOut() {
    Place place = limited();
    place.expect(
        """
        put m 0644 x
        truncate m 20000000
        """);
    Outcome outcome =
        place.run(
            "python3",
            "-c",
            """
            import mmap, os
            f = os.open("m", os.O_RDWR)
            m = mmap.mmap(f, 20000000)
            try:
              for i in range(0, 20000000, 4096): m[i:i+1] = b"z"
              m.flush()
              print("WRITTEN")
            except OSError as e:
              print("refused")
            """);
    assertThat(outcome.out()).as(outcome.toString()).isIn("refused\n", ""); // "": by SIGBUS
    assertThat(outcome.exit() == 0).isEqualTo(!outcome.out().isEmpty());
  }
}
