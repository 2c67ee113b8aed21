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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What processes leave that are killed, and its end by {@code inputfs reap}. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ReapTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final long USUAL_SEED = 1;

  /** How often a process is killed, at as many moments; more by the property. */
  private static final int MOMENTS = Integer.getInteger("inputfs.it.kills", 2);

  private static final int MANY = 50;

  @RegisterExtension final Workbench bench = new Workbench();

  private final InputTree tree = new InputTree().file("a", "x").file("dir/sub/b", "y");

  /** Who has a view, and how. */
  enum Way {
    ROOT_BY_OVERLAY(Strategy.OVERLAY, "overlay"),
    ROOT_BY_FUSE(Strategy.FUSE, "fuse"),
    ROOT_BY_LINKS(Strategy.HARDLINK, "hardlink"),
    USER_BY_OVERLAY(Strategy.OVERLAY_USER, "overlay");

    final Strategy strategy;
    final String option;

    Way(Strategy strategy, String option) {
      this.strategy = strategy;
      this.option = option;
    }

    boolean mounts() {
      return this != USER_BY_OVERLAY;
    }
  }

  @ParameterizedTest
  @EnumSource
  void reap_afterKillsAtAnyMoment_leavesTheMachineAsItWas(Way way) {
    actFor(way);
    String root = tree.putInto(bench.store()).toString();
    long seed = Long.getLong("inputfs.it.seed", USUAL_SEED);
    System.out.println("kills at random moments: -Dinputfs.it.seed=" + seed);
    Random random = new Random(seed);
    int left = 0;
    for (int i = 0; i < MOMENTS; i++) {
      Path point = bench.directory("point" + i);
      boolean mount = way.mounts() && random.nextBoolean();
      Child victim = mount ? mount(way, root, point) : run(way, root, "echo new > n; sleep 1000");
      long start = System.nanoTime();
      // Some die while they start; of some the view is in use.
      boolean early = i % 2 == 1;
      long limit = random.nextLong(TimeUnit.MILLISECONDS.toNanos(early ? 1000 : 200));
      while (!early && !isInUse(victim, mount)) {
        assertThat(System.nanoTime() - start).isLessThan(PATIENCE.toNanos());
        Workbench.pause();
      }
      long ready = System.nanoTime();
      while (System.nanoTime() - ready < limit) {
        Workbench.pause();
      }
      victim.signal("KILL");
      victim.await(PATIENCE);
      endProcesses();
      left += bench.leftovers().isEmpty() ? 0 : 1;
      List<String> listed = reap("--dry-run").ok().out().lines().toList();
      List<String> mounts = ProcFs.mountsBelow(bench.folder());
      mounts.forEach(path -> assertThat(listed).anyMatch(line -> line.startsWith(path + ": ")));
      assertThat(bench.leftovers()).hasSizeGreaterThanOrEqualTo(mounts.size());
      Outcome outcome = reap().ok();
      assertThat(outcome.out().lines()).hasSize(listed.size());
      assertThat(bench.leftovers()).as(outcome.toString()).isEmpty();
      assertThat(point).isEmptyDirectory();
    }
    assertThat(left).isPositive();
    Child next = start(way, "run", "--root", root, "--", "cat", "dir/sub/b");
    assertThat(next.await(PATIENCE).ok().out()).isEqualTo("y");
  }

  @ParameterizedTest
  @EnumSource(names = {"ROOT_BY_OVERLAY", "ROOT_BY_FUSE"})
  void reap_ofManyViewsOfOneProcess_removesAll(Way way) {
    actFor(way);
    String root = tree.putInto(bench.store()).toString();
    Path scratch = bench.directory("scratch");
    StringBuilder wanted = new StringBuilder("start\n");
    for (int i = 0; i < MANY; i++) {
      wanted.append("make\t%s\t%s%n".formatted(root, bench.directory("view" + i)));
    }
    Path lines = bench.folder().resolve("lines");
    write(lines, wanted.toString());
    List<String> command =
        new ArrayList<>(List.of("sh", "-c", "{ cat lines; exec sleep 1000; } | exec \"$@\"", "sh"));
    command.addAll(
        bench.command("bench-serve", way.option, bench.store().folder().toString(), "" + scratch));
    Child server = bench.keep(Child.start(bench.folder(), bench.programEnvironment(), command));
    await(() -> server.out().lines().filter(line -> line.startsWith("ok")).count() == MANY + 1);
    Child user =
        bench.keep(
            Child.start(
                bench.folder(),
                bench.environment(),
                List.of("sh", "-c", "cd view7 && echo x > new && exec sleep 1000")));
    await(() -> "sleep".equals(nameOf(user)));
    assertThat(ProcFs.mountsBelow(bench.folder())).hasSizeGreaterThanOrEqualTo(MANY);
    String where = scratch.resolve("current").toString();

    assertThat(reapIn(where).ok().out()).as("while its process lives").isEmpty();
    assertThat(ProcFs.mountsBelow(bench.folder())).hasSizeGreaterThanOrEqualTo(MANY);

    List<ProcessHandle> all = ProcessHandle.of(server.pid()).orElseThrow().descendants().toList();
    for (boolean java : List.of(true, false)) { // which would end well if its input ended first
      all.stream().filter(p -> isJava(p) == java).forEach(p -> kill(Long.toString(p.pid())));
    }
    server.await(PATIENCE);
    String listed = reapIn(where, "--dry-run").ok().out();
    for (String mount : ProcFs.mountsBelow(bench.folder())) {
      assertThat(listed).contains(mount + ": stale mount");
    }
    assertThat(listed).contains("still used by " + user.pid() + " (sleep)");
    Outcome outcome = reapIn(where).ok();
    assertThat(outcome.out()).contains("detached " + bench.folder().resolve("view7"));
    assertThat(ProcFs.mountsBelow(bench.folder())).isEmpty();
    assertThat(Path.of(where)).isEmptyDirectory();
    assertThat(user.isAlive()).isTrue();
    user.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"ROOT_BY_OVERLAY", "ROOT_BY_FUSE", "ROOT_BY_LINKS"})
  void reap_besideASessionThatLives_leavesThatAlone(Way way) {
    actFor(way);
    String root = tree.putInto(bench.store()).toString();
    Path used = bench.directory("used");
    Child alive = mount(way, root, used);
    bench.awaitMount(alive, used);
    Child victim = run(way, root, "echo pid $$; exec sleep 1000");
    await(() -> victim.out().contains("\n"));
    victim.signal("KILL");
    victim.await(PATIENCE);
    List<String> before = ProcFs.mountsBelow(bench.folder());

    String listed = reap("--dry-run").ok().out();
    assertThat(listed).contains("/view: stale mount").doesNotContain(used.toString());
    assertThat(ProcFs.mountsBelow(bench.folder())).isEqualTo(before);
    reap().ok();
    assertThat(
            Child.run(used, PATIENCE, List.of("sh", "-ec", "cat a dir/sub/b; echo z > n; cat n"))
                .ok()
                .out())
        .isEqualTo("xyz\n");
    assertThat(reap().ok().out()).isEmpty();
    alive.signal("TERM");
    alive.await(PATIENCE).ok();
    kill(victim.out().strip().substring("pid ".length()));
    await(() -> bench.leftovers().isEmpty());
  }

  /** Who has no namespace mounts by fusermount3, where all that the user runs sees it. */
  @Test
  void reap_byAUser_removesADeadMountThatFusermountMade() {
    actFor(Way.USER_BY_OVERLAY);
    Machine.needProgram("fusermount3");
    String root = tree.putInto(bench.store()).toString();
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.put("INPUTFS_NAMESPACE", "never");
    List<String> run =
        bench.command(
            "run", "--strategy=fuse", "--cas=" + bench.store().folder(), "--root=" + root, "--");
    run.addAll(List.of("sh", "-c", "echo pid $$; cd /; exec sleep 1000"));
    Child victim = bench.keep(Child.start(bench.folder(), environment, run));
    await(() -> victim.out().contains("\n"));
    victim.signal("KILL");
    victim.await(PATIENCE);
    // The user has the device in a mount namespace alone, which the command keeps alive.
    String command = victim.out().strip().substring("pid ".length());
    String user = Integer.toString(Machine.OTHER_USER);
    List<String> reap =
        new ArrayList<>(List.of("nsenter", "--mount", "--target", command, "setpriv"));
    reap.addAll(List.of("--reuid", user, "--regid", user, "--clear-groups"));
    reap.add(Path.of(run.getFirst()).resolveSibling("user/bin/inputfs").toString());
    reap.addAll(List.of("reap", "--scratch", bench.cache().resolve("inputfs/scratch").toString()));
    Outcome outcome = Child.run(bench.folder(), PATIENCE, environment, reap).ok();
    assertThat(outcome.out()).containsPattern("unmounted .*/view\\n").contains("removed ");
    assertThat(Child.run(bench.folder(), PATIENCE, environment, reap).ok().out()).isEmpty();
    kill(command);
    await(() -> bench.leftovers().isEmpty());
  }

  @Test
  void reap_whereSomethingElseIsMounted_leavesItAndFails() {
    Machine.needRoot();
    actFor(Way.ROOT_BY_FUSE);
    String root = tree.putInto(bench.store()).toString();
    Child victim = run(Way.ROOT_BY_FUSE, root, "exec sleep 1000");
    await(() -> isInUse(victim, false));
    victim.signal("KILL");
    victim.await(PATIENCE);
    endProcesses();
    Path session = only(bench.cache().resolve("inputfs/scratch"));
    Path foreign = session.resolve("foreign");
    shell("mkdir %1$s && mount -t tmpfs none %1$s && echo x > %1$s/file".formatted(foreign));
    Outcome outcome = reap();
    assertThat(outcome.exit()).isEqualTo(1);
    assertThat(outcome.err()).contains(foreign + " stays: somebody else has mounted something");
    assertThat(foreign.resolve("file")).exists();
    shell("umount " + foreign);
    reap().ok();
    assertThat(bench.leftovers()).isEmpty();
  }

  @Test
  void reap_ofFoldersThatOnlyLookLikeOurs_leavesThem() throws IOException {
    Path scratch = Files.createDirectories(bench.cache().resolve("inputfs/scratch"));
    Path ours = Files.createDirectory(scratch.resolve("session-12345"));
    Files.writeString(ours.resolve("lock"), "");
    Path other = Files.createDirectory(bench.folder().resolve("tmp/inputfs-work"));
    Files.writeString(other.resolve("precious"), "x");
    assertThat(reap().ok().out()).isEmpty();
    assertThat(ours.resolve("lock")).exists();
    assertThat(other.resolve("precious")).exists();
    Files.delete(ours.resolve("lock"));
    Files.delete(ours);
    Files.delete(other.resolve("precious"));
    Files.delete(other);
  }

  @Test
  void reap_removesFilesOfTheStoreThatDeadProcessesHaveNotFinished() throws IOException {
    Path temporaries = Files.createDirectories(bench.store().folder().resolve("inputfs/tmp"));
    Path dead = Files.writeString(temporaries.resolve("s0123456789abcdef-1"), "half");
    Path unknown = Files.writeString(temporaries.resolve("other"), "x");
    String store = bench.store().folder().toString();
    assertThat(reap("--cas", store, "--dry-run").ok().out()).contains(dead + ": file that");
    assertThat(dead).exists();
    assertThat(reap("--cas", store).ok().out()).isEqualTo("removed " + dead + "\n");
    assertThat(dead).doesNotExist();
    assertThat(unknown).exists();
  }

  private void actFor(Way way) {
    bench.actFor(way.strategy);
  }

  private boolean isInUse(Child child, boolean mount) {
    assertThat(child.isAlive()).as(child.out() + child.err()).isTrue();
    return mount
        ? child.out().contains("mounted")
        : ProcFs.processesMentioning(bench.folder().toString()).stream()
            .anyMatch(process -> process.matches("\\d+ sleep 1000 ?"));
  }

  private Child run(Way way, String root, String script) {
    return start(way, "run", "--root", root, "--", "sh", "-c", script);
  }

  private Child mount(Way way, String root, Path point) {
    return start(way, "mount", root, point.toString());
  }

  private Child start(Way way, String... arguments) {
    return bench.start(arguments(way, arguments));
  }

  private List<String> arguments(Way way, String... arguments) {
    List<String> all = new ArrayList<>(List.of(arguments[0], "--strategy", way.option));
    all.addAll(List.of("--cas", bench.store().folder().toString()));
    all.addAll(List.of(arguments).subList(1, arguments.length));
    return all;
  }

  /** In this test's folders alone: others may be testing too. */
  private Outcome reap(String... options) {
    return reapIn(bench.cache().resolve("inputfs/scratch").toString(), options);
  }

  private Outcome reapIn(String scratch, String... options) {
    List<String> all = new ArrayList<>(List.of("reap", "--scratch", scratch));
    all.addAll(List.of(options));
    return bench.inputfs(all.toArray(String[]::new));
  }

  /** Ends what the commands of killed runs are doing. */
  private void endProcesses() {
    await(
        () -> {
          // They may be starting others.
          List<String> left = ProcFs.processesMentioning(bench.folder().toString());
          left.forEach(process -> kill(process.substring(0, process.indexOf(' '))));
          return left.isEmpty();
        });
  }

  private static String nameOf(Child child) {
    return ProcessHandle.of(child.pid())
        .flatMap(process -> process.info().command())
        .map(command -> Path.of(command).getFileName().toString())
        .orElse("");
  }

  private static boolean isJava(ProcessHandle process) {
    return process.info().command().orElse("").endsWith("/java");
  }

  private static void kill(String process) {
    Child.run(Path.of("/"), PATIENCE, List.of("kill", "-KILL", process));
  }

  private static void shell(String script) {
    Child.run(Path.of("/"), PATIENCE, List.of("sh", "-ec", script)).ok();
  }

  private static void await(BooleanSupplier condition) {
    long start = System.nanoTime();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - start).isLessThan(PATIENCE.toNanos());
      Workbench.pause();
    }
  }

  private static Path only(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      return all.reduce(
              (one, other) -> {
                throw new AssertionError(one + " and " + other);
              })
          .orElseThrow();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
