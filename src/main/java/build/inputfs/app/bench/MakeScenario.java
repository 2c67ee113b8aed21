package build.inputfs.app.bench;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/** Makes and removes views that nobody uses: of a tree never seen before, and of a known one. */
final class MakeScenario implements Scenario {
  private static final int REPEATS = 20;
  private static final long ENOUGH_NANOS = 200_000_000;

  private final WorkSet workSet;
  private final int small;
  private final int files;
  private final Row unseen;
  private final Row make;
  private final Row remove;
  private @Nullable InputTree warmUp;
  private @Nullable InputTree tree;

  /**
   * @param size ends the rows' names
   * @param small the number of files of the tree that is shown first, untimed
   * @param files the number of files of the tree
   */
  MakeScenario(WorkSet workSet, String size, int small, int files) {
    this.workSet = workSet;
    this.small = small;
    this.files = files;
    this.unseen = new Row("make-unseen-" + size, "make, tree never seen", Unit.MILLISECONDS);
    this.make = new Row("make-" + size, "make, tree known", Unit.MILLISECONDS);
    this.remove = new Row("remove-" + size, "remove, not used", Unit.MILLISECONDS);
  }

  @Override
  public String title() {
    return "make and remove a view of %,d files".formatted(files);
  }

  @Override
  public List<Row> rows() {
    return List.of(unseen, make, remove);
  }

  @Override
  public void prepare(int round) throws IOException {
    warmUp = workSet.files(small);
    tree = workSet.files(files);
  }

  @Override
  public List<InputTree> familiar() throws IOException {
    return List.of(workSet.files(small));
  }

  @Override
  public void run(Turn turn) throws IOException {
    InputTree wanted = Objects.requireNonNull(tree);
    // What is shared by all views is made before.
    var _ = turn.contender().make(Objects.requireNonNull(warmUp)).remove();
    Contender.Site first = turn.contender().make(wanted);
    turn.time(unseen, first.makeNanos());
    var _ = first.remove();
    DoubleStream.Builder made = DoubleStream.builder();
    DoubleStream.Builder removed = DoubleStream.builder();
    long spent = 0;
    for (int i = 0; i < REPEATS && spent < ENOUGH_NANOS; i++) {
      Contender.Site site = turn.contender().make(wanted);
      OptionalLong makeNanos = site.makeNanos();
      OptionalLong removeNanos = site.remove();
      if (makeNanos.isEmpty() || removeNanos.isEmpty()) {
        return;
      }
      made.add(make.unit().of(makeNanos.getAsLong()));
      removed.add(remove.unit().of(removeNanos.getAsLong()));
      spent += makeNanos.getAsLong() + removeNanos.getAsLong();
    }
    turn.figure(make, Summary.median(made.build().toArray()));
    turn.figure(remove, Summary.median(removed.build().toArray()));
  }
}
