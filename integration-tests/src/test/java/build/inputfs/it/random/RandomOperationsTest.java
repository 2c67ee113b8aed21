package build.inputfs.it.random;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.FsOps;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Does the same random operations to a view and to a private copy, and compares every answer and
 * what is left. The seed is printed; the properties {@code inputfs.it.seed} and {@code
 * inputfs.it.operations} set it and how many operations there are. Many of them write to inputs as
 * root, which is nothing for a place whose inputs are the store's own files.
 */
@ParameterizedClass(name = "{0}")
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "HARDLINK")
@Timeout(value = 60, unit = TimeUnit.MINUTES)
class RandomOperationsTest {
  /** What was seen to pass stays what is run, until somebody asks for another. */
  private static final long USUAL_SEED = 3_674_598;

  private static final int BETWEEN_COMPARISONS = 10_000;
  private static final int PROCESSES = 8;
  private static final int ROOMS_FOR_SHRINKING = 200;
  private static final Duration SHRINKING = Duration.ofMinutes(3);

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.REFERENCE;

  private final long seed = Long.getLong("inputfs.it.seed", USUAL_SEED);
  private int count;

  @BeforeEach
  void setCount() {
    int usual =
        switch (strategy) {
          case FUSE_JNR, REFERENCE, HARDLINK, CLONE, COPY -> 10_000;
          case FUSE_CACHED, OVERLAY_USER -> 20_000;
          case FUSE, OVERLAY -> 100_000;
        };
    count = Integer.getInteger("inputfs.it.operations", usual);
  }

  @Test
  void operations_byOneProcess_areAnsweredAsOnAPrivateCopy() {
    Machine.needRoot();
    System.out.println("random operations on " + strategy + ": -Dinputfs.it.seed=" + seed);
    Arena arena = new Arena(bench, strategy, 1);
    int succeeded =
        duel(
            arena,
            0,
            count,
            done -> {
              if (done % BETWEEN_COMPARISONS == 0) {
                assertThat(arena.view().dump())
                    .as("after %s operations", done)
                    .isEqualTo(arena.copy().dump());
              }
            });
    assertThat(arena.view().dump()).isEqualTo(arena.copy().dump());
    System.out.println(count + " operations, of which " + succeeded + " were answered ok");
  }

  @Test
  void operations_byEightProcessesAtOnce_leaveWhatTheyLeaveOnPrivateCopies() throws Exception {
    Machine.needRoot();
    System.out.println("parallel operations on " + strategy + ": -Dinputfs.it.seed=" + seed);
    Arena arena = new Arena(bench, strategy, PROCESSES);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> duels = new ArrayList<>();
      for (int i = 0; i < PROCESSES; i++) {
        int room = i;
        duels.add(threads.submit(() -> duel(arena, room, count / 2 / PROCESSES, done -> {})));
      }
      for (Future<?> duel : duels) {
        duel.get();
      }
    }
    for (int room = 0; room < PROCESSES; room++) {
      assertThat(arena.view().dump("room" + room)).isEqualTo(arena.copy().dump("room" + room));
    }
  }

  /** Fights one duel in a room; gives how many operations were answered ok. */
  private int duel(Arena arena, int room, int operations, IntConsumer after) {
    Operations source = arena.operations(seed + room);
    List<String> done = new ArrayList<>();
    int succeeded = 0;
    try (FsOps copy = arena.enter(arena.copy(), room);
        FsOps view = arena.enter(arena.view(), room)) {
      Duel duel = new Duel(strategy, copy, view);
      while (done.size() < operations) {
        String operation = source.next();
        done.add(operation);
        Optional<Duel.Step> step = duel.step(operation);
        if (step.isPresent() && step.get().succeeded()) {
          source.succeeded(operation);
          succeeded++;
        }
        if (step.isPresent() && step.get().differs()) {
          throw new AssertionError(report(step.get(), done));
        }
        after.accept(done.size());
      }
    }
    return succeeded;
  }

  private String report(Duel.Step step, List<String> done) {
    System.out.println("operation " + done.size() + " differs: " + step + "; shrinking");
    Arena arena = new Arena(bench, strategy, ROOMS_FOR_SHRINKING);
    List<String> shortest =
        Shrinker.shrink(
            done, operations -> arena.firstDifference(operations).isPresent(), SHRINKING);
    return "seed %d, operation %d: %s%nlast operations: %s%nshortest that differs, as %s:%n%s"
        .formatted(
            seed,
            done.size(),
            step,
            done.subList(Math.max(0, done.size() - 20), done.size()),
            arena.firstDifference(shortest),
            String.join("\n", shortest));
  }
}
