package build.inputfs.app.bench;

import build.inputfs.app.bench.Probe.Churn;
import build.inputfs.app.bench.Probe.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** Writes a large file in small and in large blocks, and makes and deletes many files. */
final class WriteScenario implements Scenario {
  private static final int SMALL_BLOCK = 4 << 10;
  private static final int LARGE_BLOCK = 1 << 20;

  private final WorkSet workSet;
  private final int small;
  private final long bytes;
  private final int count;
  private final Row smallBlocks;
  private final Row largeBlocks;
  private final Row create = new Row("create", "create a file", Unit.MICROSECONDS_EACH);
  private final Row unlink = new Row("unlink", "delete a file", Unit.MICROSECONDS_EACH);
  private @Nullable InputTree tree;

  /**
   * @param small the number of files of the tree that is written in
   * @param bytes how much is written
   * @param count how many files are made
   */
  WriteScenario(WorkSet workSet, int small, long bytes, int count) {
    this.workSet = workSet;
    this.small = small;
    this.bytes = bytes;
    this.count = count;
    String megabytes = "write %,d MB in blocks of ".formatted(bytes >> 20);
    this.smallBlocks = new Row("write-4k", megabytes + "4 KB", Unit.MILLISECONDS);
    this.largeBlocks = new Row("write-1m", megabytes + "1 MB", Unit.MILLISECONDS);
  }

  @Override
  public String title() {
    return "write %,d MB; make and delete %,d files".formatted(bytes >> 20, count);
  }

  @Override
  public List<Row> rows() {
    return List.of(smallBlocks, largeBlocks, create, unlink);
  }

  @Override
  public void prepare(int round) throws IOException {
    tree = workSet.files(small);
  }

  @Override
  public void run(Turn turn) throws IOException {
    Probe probe = turn.probe();
    Contender.Site site = turn.contender().make(Objects.requireNonNull(tree));
    Path file = site.path().resolve("output.bin");
    turn.once(smallBlocks, site, () -> new Timing(probe.writeFile(file, bytes, SMALL_BLOCK), 1));
    turn.once(largeBlocks, site, () -> new Timing(probe.writeFile(file, bytes, LARGE_BLOCK), 1));
    KernelCaches.settle();
    @Nullable Map<String, Long> before = site.requests();
    Churn churn = probe.churn(site.path().resolve("outputs"), count);
    turn.addRequests(create, before, site.requests());
    turn.time(create, OptionalLong.of(churn.create() / count));
    turn.time(unlink, OptionalLong.of(churn.unlink() / count));
    var _ = site.remove();
  }
}
