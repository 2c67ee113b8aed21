package build.inputfs.app.bench;

import build.inputfs.app.bench.Probe.Timing;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Compiles C files that need some hundreds of the headers of a large tree: in a view of a tree
 * never seen before, in a second view of it, in one whose root is new but whose headers are known,
 * and in one with a header changed deep in the tree; and as a build does, an action for each file,
 * with a view and a root of its own.
 */
final class CompileScenario implements Scenario {
  private static final int REPEATS = 2;

  /** How many trees of each kind of change a warm server has shown. */
  private static final int FAMILIAR = 20;

  private final WorkSet workSet;
  private final int small;
  private final int count;
  private final HeaderTree headers;
  private final String compiler;

  private final Row makeUnseen = row("compile-make-unseen", "make, tree never seen");
  private final Row cold = row("compile-cold", "compile, cold");
  private final Row warm = row("compile-warm", "compile, warm, same view");
  private final Row make = row("compile-make", "make, tree known");
  private final Row second = row("compile-second", "compile, second view");
  private final Row action = row("compile-action", "make, compile, remove");
  private final Row newMake = row("compile-new-make", "new root, known headers: make");
  private final Row newCompile = row("compile-new", "new root, known headers: compile");
  private final Row changedMake = row("compile-changed-make", "a header changed: make");
  private final Row changedCompile = row("compile-changed", "a header changed: compile");
  private final Row changedAction =
      row("compile-changed-action", "a header changed: make, compile, remove");
  private final Row actions = row("compile-actions", "8 actions: make, compile one file, remove");

  private @Nullable Trees trees;

  /** The trees of a round: all but the first two are new in each. */
  private record Trees(
      InputTree warmUp,
      InputTree base,
      InputTree newRoot,
      InputTree changed,
      List<InputTree> actions) {}

  /**
   * @param small the number of files of a tree that is shown before
   * @param count how many headers there are
   * @param compiler a C compiler in PATH
   */
  CompileScenario(WorkSet workSet, int small, int count, String compiler) {
    this.workSet = workSet;
    this.small = small;
    this.count = count;
    this.headers = new HeaderTree(count);
    this.compiler = compiler;
  }

  private static Row row(String id, String title) {
    return new Row(id, title, Unit.MILLISECONDS);
  }

  @Override
  public String title() {
    return "compile %d C files in a tree of %,d headers".formatted(HeaderTree.SOURCES, count);
  }

  @Override
  public List<Row> rows() {
    return List.of(
        makeUnseen,
        cold,
        warm,
        make,
        second,
        action,
        newMake,
        newCompile,
        changedMake,
        changedCompile,
        changedAction,
        actions);
  }

  @Override
  public void prepare(int round) throws IOException {
    InputTree base = workSet.headers(count, headers);
    String remark = "in round " + round;
    List<InputTree> each = new ArrayList<>();
    for (int i = 0; i < HeaderTree.SOURCES; i++) {
      each.add(source(base, i, "of an action of its own, " + remark));
    }
    trees =
        new Trees(
            workSet.files(small),
            base,
            source(base, 0, "changed " + remark),
            workSet.changed(base, Map.of(headers.deepHeader(), headers.changedDeepHeader(remark))),
            each);
  }

  private InputTree source(InputTree base, int i, String remark) throws IOException {
    return workSet.changed(base, Map.of(HeaderTree.source(i), headers.sourceText(i, remark)));
  }

  @Override
  public List<InputTree> familiar() throws IOException {
    InputTree base = Objects.requireNonNull(trees).base();
    List<InputTree> familiar = new ArrayList<>(List.of(base));
    for (int i = 0; i < FAMILIAR; i++) {
      String remark = "changed before, " + i;
      familiar.add(source(base, i % HeaderTree.SOURCES, remark));
      familiar.add(
          workSet.changed(base, Map.of(headers.deepHeader(), headers.changedDeepHeader(remark))));
    }
    return familiar;
  }

  @Override
  public void run(Turn turn) throws IOException {
    Trees wanted = Objects.requireNonNull(trees);
    Contender contender = turn.contender();
    var _ = contender.make(wanted.warmUp()).remove();
    firstView(turn, wanted.base());
    long nanos = view(turn, wanted.base(), make, second);
    turn.time(action, OptionalLong.of(nanos));
    view(turn, wanted.newRoot(), newMake, newCompile);
    nanos = view(turn, wanted.changed(), changedMake, changedCompile);
    turn.time(changedAction, OptionalLong.of(nanos));
    nanos = 0;
    for (int i = 0; i < HeaderTree.SOURCES; i++) {
      Contender.Site site = contender.make(wanted.actions().get(i));
      nanos += site.makeNanos().orElse(0);
      nanos += compile(turn, site, List.of(HeaderTree.source(i)));
      turn.probe().run(site.path(), HeaderTree.clean());
      nanos += site.remove().orElse(0);
    }
    turn.time(actions, OptionalLong.of(nanos));
  }

  private void firstView(Turn turn, InputTree tree) throws IOException {
    Contender.Site site = turn.contender().make(tree);
    turn.time(makeUnseen, site.makeNanos());
    if (turn.caches().canDrop()) {
      turn.caches().dropNames();
      compileAll(turn, cold, site);
    }
    compile(turn, site, HeaderTree.sources());
    turn.repeatedly(
        warm, REPEATS, site, () -> new Timing(compile(turn, site, HeaderTree.sources()), 1));
    turn.probe().run(site.path(), HeaderTree.clean());
    var _ = site.remove();
  }

  /** Makes a view, compiles in it and removes it. Returns how long the three took. */
  private long view(Turn turn, InputTree tree, Row makeRow, Row compileRow) throws IOException {
    Contender.Site site = turn.contender().make(tree);
    turn.time(makeRow, site.makeNanos());
    long nanos = compileAll(turn, compileRow, site);
    turn.probe().run(site.path(), HeaderTree.clean());
    return site.makeNanos().orElse(0) + nanos + site.remove().orElse(0);
  }

  private long compileAll(Turn turn, Row row, Contender.Site site) throws IOException {
    return turn.once(row, site, () -> new Timing(compile(turn, site, HeaderTree.sources()), 1))
        .nanos();
  }

  private long compile(Turn turn, Contender.Site site, List<String> sources) throws IOException {
    return turn.probe().run(site.path(), HeaderTree.compile(compiler, sources));
  }
}
