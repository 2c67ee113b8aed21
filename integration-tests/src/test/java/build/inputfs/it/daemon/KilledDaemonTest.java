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

  /** Doctor tries all that the machine can do, which takes a while. */
  private static final int BETWEEN_DOCTORS = 10;

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
      boolean told = i % BETWEEN_DOCTORS == 0;
      // Every other time the next daemon is to do what is done by hand else.
      boolean byDaemon = i % 2 == 1;
      Server server = start(scratch, ready);
      List<Child> users = use(server, root, i);
      server.process().signal("KILL");
      server.process().await(Server.PATIENCE);
      server.close();
      List<String> stale = ProcFs.mountsBelow(bench.folder());
      assertThat(stale).hasSizeGreaterThan(VIEWS);
      if (told) {
        String listed = inputfs("doctor", scratch).out();
        stale.forEach(mount -> assertThat(listed).contains(mount + ": stale mount"));
      }
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
    System.out.printf(
        Locale.ROOT,
        "after %d kills with %d views in use: listening within %.0f to %.0f ms of the start%n",
        KILLS,
        VIEWS,
        ready.stream().mapToDouble(each -> each).min().orElseThrow(),
        ready.stream().mapToDouble(each -> each).max().orElseThrow());
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
