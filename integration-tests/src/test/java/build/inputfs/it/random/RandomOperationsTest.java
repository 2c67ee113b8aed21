package build.inputfs.it.random;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.FsOps;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does the same random operations to a view and to a private copy, and compares every answer and
 * what is left. The seed is printed; the properties {@code inputfs.it.seed} and {@code
 * inputfs.it.operations} set it and how many operations there are.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(Strategy.class)
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class RandomOperationsTest {
  private static final int BETWEEN_COMPARISONS = 10_000;
  private static final int PROCESSES = 8;

  /** So deep that symlinks to what is above them, moved up themselves, stay in the tree. */
  private static final Path BELOW = Path.of("top/top/top");

  private static final Duration SHRINKING = Duration.ofMinutes(3);

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private final long seed = Long.getLong("inputfs.it.seed", System.nanoTime() & 0xFFFFFF);
  private final int count = Integer.getInteger("inputfs.it.operations", 100_000);

  @Test
  void operations_byOneProcess_areAnsweredAsOnAPrivateCopy() {
    Machine.needRoot();
    System.out.println("random operations on " + strategy + ": -Dinputfs.it.seed=" + seed);
    Place copy = bench.copy(tree());
    Place view = bench.place(strategy, tree());
    List<String> done = new ArrayList<>();
    int succeeded = 0;
    try (FsOps copyOps = copy.another(BELOW);
        FsOps viewOps = view.another(BELOW)) {
      Duel duel = new Duel(copyOps, viewOps);
      Operations operations = operations();
      for (int i = 1; i <= count; i++) {
        String operation = operations.next();
        done.add(operation);
        Optional<Duel.Step> step = duel.step(operation);
        if (step.isPresent() && step.get().succeeded()) {
          operations.succeeded(operation);
          succeeded++;
        }
        if (step.isPresent() && step.get().differs()) {
          throw new AssertionError(report(step.get(), done));
        }
        if (i % BETWEEN_COMPARISONS == 0 || i == count) {
          assertThat(view.dump()).as("after %s", tail(done)).isEqualTo(copy.dump());
        }
      }
    }
    System.out.println(count + " operations, of which " + succeeded + " were answered ok");
  }

  @Test
  void operations_byEightProcessesAtOnce_leaveWhatTheyLeaveOnPrivateCopies() throws Exception {
    Machine.needRoot();
    System.out.println("parallel operations on " + strategy + ": -Dinputfs.it.seed=" + seed);
    InputTree tree = new InputTree();
    for (int i = 0; i < PROCESSES; i++) {
      fill(tree, "p" + i + "/" + BELOW + "/");
    }
    Place copy = bench.copy(tree);
    Place view = bench.place(strategy, tree);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> runs = new ArrayList<>();
      for (int i = 0; i < PROCESSES; i++) {
        int process = i;
        runs.add(threads.submit(() -> oneOfMany(copy, view, process)));
      }
      for (Future<?> run : runs) {
        run.get();
      }
    }
    assertThat(view.dump()).isEqualTo(copy.dump());
  }

  private void oneOfMany(Place copy, Place view, int process) {
    Path below = Path.of("p" + process).resolve(BELOW);
    List<String> done = new ArrayList<>();
    try (FsOps copyOps = copy.another(below);
        FsOps viewOps = view.another(below)) {
      Duel duel = new Duel(copyOps, viewOps);
      Operations operations = operations(seed + process);
      for (int i = 0; i < count / PROCESSES; i++) {
        String operation = operations.next();
        done.add(operation);
        Optional<Duel.Step> step = duel.step(operation);
        if (step.isPresent() && step.get().succeeded()) {
          operations.succeeded(operation);
        }
        if (step.isPresent() && step.get().differs()) {
          throw new AssertionError("process " + process + ": " + step.get() + tail(done));
        }
      }
    }
  }

  private String report(Duel.Step step, List<String> done) {
    System.out.println("operation " + done.size() + " differs: " + step + "; shrinking");
    List<String> shortest =
        Shrinker.shrink(done, operations -> replay(operations).isPresent(), SHRINKING);
    return "seed %d, operation %d: %s%nlast operations: %s%nshortest that differs, as %s:%n%s"
        .formatted(
            seed, done.size(), step, tail(done), replay(shortest), String.join("\n", shortest));
  }

  /** Carries the operations out anew, and gives the first answer that differs. */
  private Optional<Duel.Step> replay(List<String> operations) {
    try (Place copy = bench.copy(tree());
        Place view = bench.place(strategy, tree());
        FsOps copyOps = copy.another(BELOW);
        FsOps viewOps = view.another(BELOW)) {
      return new Duel(copyOps, viewOps).firstDifference(operations);
    }
  }

  private Operations operations() {
    return operations(seed);
  }

  private static Operations operations(long seed) {
    Operations operations = new Operations(seed);
    List.of("a", "a/b", "a/b/c", "d", "e").forEach(operations::knowDirectory);
    List.of("f", "g", "h", "a/f", "a/g", "a/b/f", "a/b/c/f", "d/f").forEach(operations::knowFile);
    List.of("b", "a/a").forEach(operations::knowSymlink);
    return operations;
  }

  private static InputTree tree() {
    InputTree tree = new InputTree();
    fill(tree, BELOW + "/");
    return tree;
  }

  private static void fill(InputTree tree, String prefix) {
    tree.file(prefix + "f", "input f")
        .file(prefix + "g", InputTree.pattern(70_000, 1))
        .executable(prefix + "h", "#!/bin/sh\nexit 9\n")
        .file(prefix + "a/f", "")
        .executable(prefix + "a/g", "")
        .file(prefix + "a/b/f", InputTree.pattern(5000, 2))
        .file(prefix + "a/b/c/f", "deep")
        .file(prefix + "d/f", "input f")
        .directory(prefix + "e")
        .symlink(prefix + "b", "a/b")
        .symlink(prefix + "a/a", "../f");
  }

  private static List<String> tail(List<String> operations) {
    return operations.subList(Math.max(0, operations.size() - 20), operations.size());
  }
}
