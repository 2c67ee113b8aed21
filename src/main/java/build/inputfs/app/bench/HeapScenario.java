package build.inputfs.app.bench;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Has the kernel look up very many files, and sees what the server then has in memory: all of its
 * heap after a full collection, and all of its process.
 */
final class HeapScenario implements Scenario {
  private final WorkSet workSet;
  private final int small;
  private final int count;
  private final Row walk = new Row("many-walk", "walk with lstat, cold", Unit.MICROSECONDS_EACH);
  private final Row heap = new Row("many-heap", "heap of the server", Unit.MEGABYTES);
  private final Row resident = new Row("many-rss", "resident memory of the server", Unit.MEGABYTES);
  private @Nullable InputTree warmUp;
  private @Nullable InputTree tree;

  /**
   * @param small the number of files of a tree that is shown before
   * @param count how many files are looked up
   */
  HeapScenario(WorkSet workSet, int small, int count) {
    this.workSet = workSet;
    this.small = small;
    this.count = count;
  }

  @Override
  public String title() {
    return "look up %,d files (strategies that serve them)".formatted(count);
  }

  @Override
  public List<Row> rows() {
    return List.of(walk, heap, resident);
  }

  @Override
  public void prepare(int round) throws IOException {
    warmUp = workSet.files(small);
    if (tree == null) {
      tree = workSet.manyFiles(count);
    }
  }

  @Override
  public void run(Turn turn) throws IOException {
    Contender contender = turn.contender();
    if (contender.memory() == null || !isServed(turn)) {
      return;
    }
    Contender.Site site = contender.make(Objects.requireNonNull(tree));
    turn.once(walk, site, () -> turn.probe().walk(site.path()));
    Contender.Memory after = Objects.requireNonNull(contender.memory());
    turn.figure(heap, heap.unit().of(after.heap()));
    turn.figure(resident, resident.unit().of(after.resident()));
    var _ = site.remove();
  }

  /** Whether its server answers for its views: others would have to make every file. */
  private boolean isServed(Turn turn) throws IOException {
    Contender.Site site = turn.contender().make(Objects.requireNonNull(warmUp));
    boolean served = site.requests() != null;
    var _ = site.remove();
    return served;
  }
}
