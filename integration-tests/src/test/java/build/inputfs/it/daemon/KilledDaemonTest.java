package build.inputfs.it.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.app.proto.View;
import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.ProcFs;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A daemon that is killed while its views are in use, again and again. At full length with {@code
 * -Dinputfs.it.daemonKills=100}.
 */
@Timeout(value = 120, unit = TimeUnit.MINUTES)
class KilledDaemonTest {
  private static final int KILLS = Integer.getInteger("inputfs.it.daemonKills", 2);
  private static final int VIEWS = 50;

  @RegisterExtension final Workbench bench = new Workbench();

  @BeforeEach
  void needsOverlay() {
    Machine.need(Strategy.OVERLAY);
  }

  @Test
  void invariant17_daemon_killedWithViewsInUse_leavesNothingThatReapDoesNotRemove()
      throws IOException {
    BlobName root = Trees.mixed().putInto(bench.store());
    Path scratch = bench.fresh("scratch");
    List<Double> ready = new ArrayList<>();
    for (int i = 0; i < KILLS; i++) {
      // Every other time the next daemon is to do what is done by hand else.
      boolean byDaemon = i % 2 == 1;
      Server server = start(scratch, ready);
      List<Child> users = use(server, root, i);
      server.process().signal("KILL");
      server.process().await(Server.PATIENCE);
      server.close();
      List<String> stale = ProcFs.mountsBelow(bench.folder());
      assertThat(stale).hasSizeGreaterThan(VIEWS);
      String seen = inputfs("doctor", scratch).out();
      stale.forEach(mount -> assertThat(seen).contains(mount + ": stale mount"));
      if (byDaemon) {
        start(scratch, ready, "--reap").stop().ok();
      } else {
        String listed = inputfs("reap", scratch, "--dry-run").ok().out();
        stale.forEach(mount -> assertThat(listed).contains(mount + ": stale mount"));
        inputfs("reap", scratch).ok();
      }
      assertThat(ProcFs.mountsBelow(bench.folder())).isEmpty();
      assertThat(scratch).isEmptyDirectory();
      users.forEach(Child::close);
    }
    bench.inputfs("cas", "verify", "--cas", bench.store().folder().toString()).ok();
    Server next = start(scratch, ready);
    View view = next.create(Server.request(root));
    assertThat(Server.sh(bench, view, "cat input.txt && echo new > new").exit()).isZero();
    next.close(view);
    next.stop().ok();
    assertThat(scratch).isEmptyDirectory();
    double first = ready.getFirst(); // may have to prepare the others
    List<Double> later = ready.stream().skip(1).sorted().toList();
    System.out.printf(
        Locale.ROOT,
        "%d kills with %d views in use; listening after the start, in ms: the first %.0f;"
            + " the other %d: min %.0f, median %.0f, max %.0f; all in turn: %s%n",
        KILLS,
        VIEWS,
        first,
        later.size(),
        later.getFirst(),
        later.get(later.size() / 2),
        later.getLast(),
        ready.stream().map(Math::round).toList());
  }

  private Server start(Path scratch, List<Double> ready, String... options) {
    long before = System.nanoTime();
    Server server = Server.start(bench, scratch, options);
    ready.add((System.nanoTime() - before) / 1e6);
    return server;
  }

  /** Makes views, of both strategies and also at places of the client's, that processes are in. */
  private List<Child> use(Server server, BlobName root, int round) throws IOException {
    List<Path> views = new ArrayList<>();
    for (int i = 0; i < VIEWS; i++) {
      Path given = i % 5 == 0 ? bench.directory("given-" + round + "-" + i) : null;
      View view =
          server.create(
              Server.request(root)
                  .setStrategy(i % 2 == 0 ? "overlay" : "fuse")
                  .setMountPoint(given == null ? "" : given.toString()));
      views.add(Path.of(view.getPath()));
    }
    String all = views.stream().map(Path::toString).collect(Collectors.joining("' '", "'", "'"));
    Child user =
        bench.keep(
            Child.start(
                bench.folder(),
                bench.environment(),
                List.of(
                    "sh",
                    "-ec",
                    "for v in "
                        + all
                        + "; do cd \"$v\"; cat input.txt >/dev/null; echo x > new; done;"
                        + " echo in; exec sleep 1000")));
    while (!user.out().endsWith("in\n")) {
      assertThat(user.isAlive()).as(user.err()).isTrue();
      Workbench.pause();
    }
    return List.of(user);
  }

  private Outcome inputfs(String command, Path scratch, String... options) {
    List<String> all = new ArrayList<>(List.of(command, "--scratch", scratch.toString()));
    all.addAll(List.of("--cas", bench.store().folder().toString()));
    all.addAll(List.of(options));
    return bench.inputfs(all.toArray(String[]::new));
  }
}
