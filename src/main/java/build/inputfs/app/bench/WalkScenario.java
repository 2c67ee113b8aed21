package build.inputfs.app.bench;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Walks a tree and reads all its files in random order: in a first view, with cold caches and with
 * warm ones, then in a second view of the same tree.
 *
 * <p>Cold means that the contender is just started and the kernel has forgotten all names; the
 * files' contents are in memory throughout.
 */
final class WalkScenario implements Scenario {
  private static final int REPEATS = 3;

  private final TreeSource source;
  private final TreeSource warmUpSource;
  private final String what;
  private final Row walkCold;
  private final Row walkWarm;
  private final Row readCold;
  private final Row readWarm;
  private final Row heap;
  private final Row resident;
  private final Row remove;
  private final Row walkSecond;
  private final Row readSecond;
  private @Nullable InputTree warmUp;
  private @Nullable InputTree tree;

  /** Makes a tree when it is first needed. */
  @FunctionalInterface
  interface TreeSource {
    InputTree get() throws IOException;
  }

  /**
   * @param size ends the rows' names
   * @param what the tree, for people
   */
  WalkScenario(String size, String what, TreeSource warmUpSource, TreeSource source) {
    this.source = source;
    this.warmUpSource = warmUpSource;
    this.what = what;
    this.walkCold = row("walk-cold-", size, "walk with lstat, cold", Unit.MICROSECONDS_EACH);
    this.walkWarm = row("walk-warm-", size, "walk with lstat, warm", Unit.MICROSECONDS_EACH);
    this.readCold = row("read-cold-", size, "open, read, close, cold", Unit.MICROSECONDS_EACH);
    this.readWarm = row("read-warm-", size, "open, read, close, warm", Unit.MICROSECONDS_EACH);
    this.heap = row("heap-", size, "heap of the server", Unit.MEGABYTES);
    this.resident = row("rss-", size, "resident memory of the server", Unit.MEGABYTES);
    this.remove = row("remove-used-", size, "remove the view, used", Unit.MILLISECONDS);
    this.walkSecond =
        row("walk-second-", size, "walk with lstat, second view", Unit.MICROSECONDS_EACH);
    this.readSecond =
        row("read-second-", size, "open, read, close, second view", Unit.MICROSECONDS_EACH);
  }

  private static Row row(String id, String size, String title, Unit unit) {
    return new Row(id + size, title, unit);
  }

  @Override
  public String title() {
    return "walk and read " + what;
  }

  @Override
  public List<Row> rows() {
    return List.of(
        walkCold, walkWarm, readCold, readWarm, heap, resident, remove, walkSecond, readSecond);
  }

  @Override
  public void prepare(int round) throws IOException {
    warmUp = warmUpSource.get();
    tree = source.get();
  }

  @Override
  public void run(Turn turn) throws IOException {
    InputTree wanted = Objects.requireNonNull(tree);
    Contender contender = turn.contender();
    Probe probe = turn.probe();
    var _ = contender.make(Objects.requireNonNull(warmUp)).remove();
    probe.chooseFiles(wanted.directory(), turn.round());
    Contender.Site first = contender.make(wanted);
    if (turn.caches().canDrop()) {
      turn.caches().dropNames();
      turn.once(walkCold, first, () -> probe.walk(first.path()));
      turn.caches().dropNames();
      turn.once(readCold, first, () -> probe.read(first.path()));
    }
    probe.walk(first.path());
    turn.repeatedly(walkWarm, REPEATS, first, () -> probe.walk(first.path()));
    probe.read(first.path());
    turn.repeatedly(readWarm, REPEATS, first, () -> probe.read(first.path()));
    Contender.Memory after = contender.memory();
    if (after != null) {
      turn.figure(heap, heap.unit().of(after.heap()));
      turn.figure(resident, resident.unit().of(after.resident()));
    }
    turn.time(remove, first.remove());
    Contender.Site second = contender.make(wanted);
    turn.once(walkSecond, second, () -> probe.walk(second.path()));
    turn.once(readSecond, second, () -> probe.read(second.path()));
    var _ = second.remove();
  }
}
