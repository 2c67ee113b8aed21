package build.inputfs.it.soak;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import build.inputfs.it.soak.ViewMaker.Holdings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One process makes many views of a few trees, each is used by a process of its own, and removed:
 * in a row, then many at once. At full length with {@code -Dinputfs.it.views=1000
 * -Dinputfs.it.viewsAtOnce=200}.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "OVERLAY"})
@Timeout(value = 30, unit = TimeUnit.MINUTES)
class SoakTest {
  private static final int IN_A_ROW = Integer.getInteger("inputfs.it.views", 100);
  private static final int AT_ONCE = Integer.getInteger("inputfs.it.viewsAtOnce", 40);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** Uses a view as an action does: reads, writes, changes and removes inputs, makes outputs. */
  private static final String WORK =
      """
      cat d1/* >/dev/null
      ./tool
      mkdir out
      cp -r d2 out/
      chmod u+w d1/f1
      echo more >> d1/f1
      rm -r d3
      mv d4 moved
      ln -s d1 link
      test "$(cat d1/f1)" = "content 1more"
      """;

  /**
   * What may come and go: lists that grow by doubling, compiled code's data, a pool's rest. A view
   * that is kept for each that was made is far more.
   */
  private static final long HEAP_NOISE = 1 << 18;

  /** A mount has up to so many threads that serve it, each with a descriptor. */
  private static final int MOST_READERS = 16;

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  @BeforeEach
  void needsStrategy() {
    Machine.need(strategy);
  }

  @Test
  void views_manyInARowAndAtOnce_leaveNothingAndGrowNothing() {
    List<BlobName> roots = List.of(tree(0), tree(1), tree(2));
    List<Path> points = new ArrayList<>();
    for (int i = 0; i < AT_ONCE; i++) {
      points.add(bench.fresh("view"));
    }
    ViewMaker maker = bench.keep(new ViewMaker(bench, strategy));
    // The first ones load classes, fill caches and pools.
    round(maker, roots, points, IN_A_ROW / 2);
    Holdings before = settled(maker, there -> true);
    round(maker, roots, points, IN_A_ROW);
    Holdings after = settled(maker, there -> isNoMore(there, before));
    System.out.printf(
        "%s: %d views in a row and %d at once: before %s, after %s%n",
        strategy, IN_A_ROW, AT_ONCE, before, after);
    assertThat(after.mounts()).isEqualTo(before.mounts());
    assertThat(after.descriptors()).isLessThanOrEqualTo(before.descriptors() + MOST_READERS);
    assertThat(after.scratches()).isLessThanOrEqualTo(before.scratches());
    assertThat(after.heap()).isLessThan(before.heap() + HEAP_NOISE);
    maker.close();
    assertThat(maker.left()).isZero();
    assertThat(bench.leftovers()).isEmpty();
  }

  private void round(ViewMaker maker, List<BlobName> roots, List<Path> points, int inARow) {
    for (int i = 0; i < inARow; i++) {
      String view = maker.make(roots.get(i % roots.size()), points.getFirst());
      use(points.getFirst()).await(PATIENCE).ok();
      maker.remove(view);
    }
    List<String> views = new ArrayList<>();
    for (int i = 0; i < points.size(); i++) {
      views.add(maker.make(roots.get(i % roots.size()), points.get(i)));
    }
    List<Child> users = points.stream().map(this::use).toList();
    users.forEach(user -> user.await(PATIENCE).ok());
    views.forEach(maker::remove);
  }

  /** A process that works in a view. */
  private Child use(Path view) {
    return Child.start(view, bench.environment(), List.of("sh", "-ec", WORK));
  }

  private static boolean isNoMore(Holdings after, Holdings before) {
    return after.descriptors() <= before.descriptors() + MOST_READERS
        && after.scratches() <= before.scratches()
        && after.heap() < before.heap() + HEAP_NOISE;
  }

  /**
   * What it holds when it has done what it does in the background, for which it may take its time:
   * as soon as it is as expected, or in the end whatever it is.
   */
  private static Holdings settled(ViewMaker maker, Predicate<Holdings> expected) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    Holdings last = maker.holdings();
    while (true) {
      pause();
      Holdings now = maker.holdings();
      boolean rests =
          now.scratches() == last.scratches() && now.descriptors() == last.descriptors();
      if ((rests && expected.test(now)) || System.nanoTime() > deadline) {
        assertThat(rests).as("it comes to rest: %s, %s", last, now).isTrue();
        return now;
      }
      last = now;
    }
  }

  private static void pause() {
    try {
      TimeUnit.SECONDS.sleep(2);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }

  private BlobName tree(int variant) {
    InputTree tree = new InputTree().executable("tool", "#!/bin/sh\nexit 0\n");
    for (int d = 1; d <= 5; d++) {
      for (int f = 1; f <= 30; f++) {
        tree.file("d%d/f%d".formatted(d, f), "content " + (d == 5 ? variant + f : f));
      }
    }
    return tree.putInto(bench.store());
  }
}
