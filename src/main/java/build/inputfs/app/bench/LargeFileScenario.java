package build.inputfs.app.bench;

import build.inputfs.app.bench.Probe.Timing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads one large file, then maps it in another view; the blob is in memory throughout. */
final class LargeFileScenario implements Scenario {
  private final WorkSet workSet;
  private final long bytes;
  private final Row readFirst = row("large-read-first", "first read, blocks of 1 MB");
  private final Row readSecond = row("large-read-second", "second read");
  private final Row mapFirst = row("large-map-first", "first read by mmap");
  private final Row mapSecond = row("large-map-second", "second read by mmap");
  private @Nullable InputTree tree;

  LargeFileScenario(WorkSet workSet, long bytes) {
    this.workSet = workSet;
    this.bytes = bytes;
  }

  private static Row row(String id, String title) {
    return new Row(id, title, Unit.MILLISECONDS);
  }

  @Override
  public String title() {
    return "read a file of %,d MB".formatted(bytes >> 20);
  }

  @Override
  public List<Row> rows() {
    return List.of(readFirst, readSecond, mapFirst, mapSecond);
  }

  @Override
  public void prepare(int round) throws IOException {
    tree = workSet.largeFile(bytes);
  }

  @Override
  public void run(Turn turn) throws IOException {
    Contender.Site read = turn.contender().make(Objects.requireNonNull(tree));
    Path readPath = read.path().resolve(WorkSet.LARGE_FILE);
    turn.once(readFirst, read, () -> new Timing(turn.probe().readFile(readPath), 1));
    turn.once(readSecond, read, () -> new Timing(turn.probe().readFile(readPath), 1));
    var _ = read.remove();
    turn.contender().stop();
    turn.contender().start();
    Contender.Site map = turn.contender().make(Objects.requireNonNull(tree));
    Path mapPath = map.path().resolve(WorkSet.LARGE_FILE);
    turn.once(mapFirst, map, () -> new Timing(turn.probe().mapFile(mapPath), 1));
    turn.once(mapSecond, map, () -> new Timing(turn.probe().mapFile(mapPath), 1));
    var _ = map.remove();
  }
}
