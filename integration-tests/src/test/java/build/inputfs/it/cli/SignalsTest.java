package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** Ctrl-C, SIGTERM and worse, at any moment: nothing may be left. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "OVERLAY", "OVERLAY_USER"})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class SignalsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final long USUAL_SEED = 1;

  /** How often a run is stopped, at as many moments; more by the property. */
  private static final int MOMENTS = Integer.getInteger("inputfs.it.moments", 15);

  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  @BeforeEach
  void needsStrategy() {
    bench.actFor(strategy);
  }

  @Test
  void run_stoppedAtAnyMoment_leavesNothing() {
    long seed = Long.getLong("inputfs.it.seed", USUAL_SEED);
    System.out.println("signals at random moments: -Dinputfs.it.seed=" + seed);
    Random random = new Random(seed);
    InputTree tree = new InputTree();
    for (int i = 0; i < 2000; i++) {
      tree.file("d%d/f%d".formatted(i % 20, i), "content " + i);
    }
    Path source = bench.source(tree);
    long start = System.nanoTime();
    stoppable(source, bench.fresh("cas")).await(PATIENCE).ok();
    long whole = System.nanoTime() - start;

    List<String> problems = new ArrayList<>();
    int stopped = 0;
    for (int i = 0; i < MOMENTS; i++) {
      // Each imports anew, into a store of its own.
      Path store = bench.fresh("cas");
      Child child = stoppable(source, store);
      pause((long) (whole * 1.1 * random.nextDouble()));
      String signal = random.nextBoolean() ? "INT" : "TERM";
      // Ctrl-C tells all processes of the terminal, a supervisor tells one.
      boolean all = random.nextBoolean();
      tell(child, signal, all);
      Outcome outcome = child.await(PATIENCE);
      stopped += outcome.exit() == 0 ? 0 : 1;
      if (isEmpty(store)) {
        awaitLauncher();
      }
      List<String> left = bench.leftovers();
      if (!left.isEmpty()
          || !List.of(0, 130, 143).contains(outcome.exit())
          || outcome.err().contains("\tat ")) {
        problems.add("SIG" + signal + (all ? " to all: " : ": ") + left + " " + outcome);
      }
    }
    System.out.println(stopped + " of " + MOMENTS + " runs were stopped before their end");
    assertThat(problems).isEmpty();
  }

  @Test
  void run_toldToEndTwice_leavesNothing() {
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    Child child =
        bench.start(
            bench.runOf(
                strategy,
                root,
                "--",
                "sh",
                "-c",
                "trap '' TERM INT; echo ready; while :; do sleep 0.1; done"));
    awaitOutput(child, "ready");
    child.signal("TERM");
    child.signal("TERM");
    child.signal("INT");
    Outcome outcome = child.await(PATIENCE);
    assertThat(outcome.exit()).isNotZero();
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void run_handsASignalToItsCommand() {
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    for (String signal : List.of("TERM", "INT", "HUP")) {
      Child child =
          bench.start(
              bench.runOf(
                  strategy,
                  root,
                  "--",
                  "sh",
                  "-c",
                  "trap 'echo caught; exit 33' "
                      + signal
                      + "; echo ready; while :; do sleep 0.1; done"));
      awaitOutput(child, "ready");
      child.signal(signal);
      Outcome outcome = child.await(PATIENCE);
      assertThat(outcome.out()).as(signal).contains("caught");
      assertThat(bench.leftovers()).isEmpty();
    }
  }

  @Test
  void invariant17_server_killed_leavesADeadMountThatUnmountRemoves() {
    Machine.need(
        strategy == Strategy.FUSE,
        "an overlay outlives the server of the forest that it stands on");
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    Path point = bench.directory("dead");
    Child server =
        bench.start(
            List.of(
                "mount",
                "--strategy",
                strategy.option(),
                root,
                point.toString(),
                "--cas",
                bench.store().folder().toString(),
                "--scratch",
                bench.directory("scratch").toString()));
    bench.awaitMount(server, point);
    server.signal("KILL");
    server.await(PATIENCE);
    Outcome look = Child.run(bench.folder(), PATIENCE, List.of("ls", point.toString()));
    assertThat(look.err()).contains("Transport endpoint is not connected");
    bench.inputfs("unmount", point.toString()).ok();
    assertThat(bench.inputfs("ls", root, "--cas", bench.store().folder().toString()).ok().out())
        .contains("a");
    assertThat(
            Child.run(bench.folder(), PATIENCE, List.of("ls", "-A", point.toString())).ok().out())
        .isEmpty();
  }

  @Test
  void mount_killed_leavesNothingOnceItIsUnmounted() {
    Machine.need(strategy != Strategy.OVERLAY_USER, "`mount` makes no namespace");
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    Path point = bench.directory("killed");
    Child server =
        bench.start(
            List.of(
                "mount",
                "--strategy",
                strategy.option(),
                root,
                point.toString(),
                "--cas",
                bench.store().folder().toString()));
    bench.awaitMount(server, point);
    Child.run(point, PATIENCE, List.of("sh", "-c", "echo written > new")).ok();
    server.signal("KILL");
    server.await(PATIENCE);
    bench.inputfs("unmount", point.toString()).ok();
    runTrue(root);
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void run_killed_leavesNothingOnceItsViewIsUnmounted() {
    String root = new InputTree().file("a", "x").putInto(bench.store()).toString();
    Child run =
        bench.start(
            bench.runOf(
                strategy,
                root,
                "--",
                "sh",
                "-c",
                "echo written > new; echo pid $$; exec sleep 1000"));
    awaitOutput(run, "\n");
    run.signal("KILL");
    run.await(PATIENCE);
    String command = run.out().strip().substring("pid ".length());
    Child.run(Path.of("/"), PATIENCE, List.of("kill", "-KILL", command)).ok();
    // What is still mounted stays, until somebody asks.
    runTrue(root);
    for (String mount : ProcFs.mountsBelow(bench.folder().resolve("tmp"))) {
      bench.inputfs("unmount", mount).ok();
    }
    runTrue(root);
    assertThat(bench.leftovers()).isEmpty();
  }

  private void runTrue(String root) {
    bench.run(strategy, root, "--", "true").ok();
  }

  @Test
  void mount_stoppedWhileItIsUsed_ends() {
    Machine.need(strategy != Strategy.OVERLAY_USER, "`mount` makes no namespace");
    InputTree tree = new InputTree();
    for (int i = 0; i < 500; i++) {
      tree.file("f" + i, "content " + i);
    }
    String root = tree.putInto(bench.store()).toString();
    for (String signal : List.of("TERM", "INT")) {
      Path point = bench.directory("used-" + signal);
      Child server =
          bench.start(
              List.of(
                  "mount",
                  "--strategy",
                  strategy.option(),
                  root,
                  point.toString(),
                  "--cas",
                  bench.store().folder().toString()));
      bench.awaitMount(server, point);
      Child user =
          bench.keep(
              Child.start(
                  bench.folder(),
                  bench.environment(),
                  List.of(
                      "sh",
                      "-c",
                      "cd " + point + " && while cat f* > all && rm all; do echo once; done")));
      awaitOutput(user, "once");
      server.signal(signal);
      assertThat(server.await(PATIENCE).exit()).isIn(0, 130, 143);
      user.await(PATIENCE);
      assertThat(bench.leftovers()).isEmpty();
    }
  }

  /** A run that imports, works in the view and collects, in a process group of its own. */
  private Child stoppable(Path source, Path store) {
    List<String> command = new ArrayList<>(List.of("setsid"));
    command.addAll(
        bench.command(
            "run",
            "--strategy",
            strategy.option(),
            "--cas",
            store.toString(),
            "--inputs",
            source.toString(),
            "--output",
            "out",
            "--",
            "sh",
            "-ec",
            "mkdir -p out; for d in d1 d2 d3 d4; do cp -r $d out/; cat $d/* > out/$d-all; done;"
                + " sleep 0.1; rm -r d5; find . | wc -l"));
    return bench.keep(Child.start(bench.folder(), bench.programEnvironment(), command));
  }

  /**
   * Waits for what the shell that starts the program was just running, when the shell was told to
   * end before the program had begun.
   */
  private void awaitLauncher() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!ProcFs.processesMentioning(bench.folder().toString()).isEmpty()
        && System.nanoTime() < deadline) {
      Workbench.pause();
    }
  }

  private static boolean isEmpty(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void tell(Child child, String signal, boolean all) {
    String whom = (all ? "-" : "") + child.pid();
    Child.run(Path.of("/"), PATIENCE, List.of("kill", "-" + signal, "--", whom));
  }

  private static void awaitOutput(Child child, String text) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!child.out().contains(text)) {
      assertThat(child.isAlive()).as(child.out() + child.err()).isTrue();
      assertThat(System.nanoTime()).isLessThan(deadline);
      Workbench.pause();
    }
  }

  private static void pause(long nanos) {
    try {
      TimeUnit.NANOSECONDS.sleep(nanos);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted", e);
    }
  }
}
