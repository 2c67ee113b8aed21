package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.DaemonClient.Request;
import build.inputfs.app.client.DaemonClient.View;
import build.inputfs.app.run.Interruption;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.LimitHits;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.mount.MountPoints;
import build.inputfs.fuse.mount.MountTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * {@code inputfs mount} of a view of the daemon's, which lives as long as this does. For one
 * thread.
 */
final class DaemonMount {
  private static final String DESCRIPTION = "inputfs mount";
  private static final long LOOK_AGAIN_MILLIS = 50;

  private final Console console;
  private final DaemonFinder finder;
  private final Supplier<Interruption> signals;

  /**
   * @param signals takes the signals that ask this program to end, from when it is called on
   */
  DaemonMount(Console console, DaemonFinder finder, Supplier<Interruption> signals) {
    this.console = console;
    this.finder = finder;
    this.signals = signals;
  }

  /**
   * Shows a tree until somebody ends it.
   *
   * @throws build.inputfs.app.client.UnservedException when no daemon can; nothing was begun
   * @throws IOException when the view cannot be made, or when the daemon ends it or goes
   */
  void run(MountArguments arguments) throws IOException {
    try (DaemonClient daemon =
        finder.find(DESCRIPTION, arguments.store(), arguments.strategy(), arguments.verbose())) {
      Digest root = arguments.digest();
      Interruption interruption = signals.get();
      Posix posix = Posix.load();
      Path point = MountPoints.check(posix, arguments.mountPoint());
      View view =
          interruption.interruptibly(
              () ->
                  daemon.createView(
                      new Request(
                          root,
                          false,
                          point,
                          arguments.strategy(),
                          arguments.readOnly(),
                          DeclaredOutputs.ofPaths(List.of()),
                          arguments.scratch(),
                          List.of())));
      long mount = MountPoints.mountId(posix, point);
      console.out().println("mounted " + root + " on " + arguments.mountPoint());
      console.out().flush();
      if (!arguments.scratch().isNone()) {
        LimitHits hits = new LimitHits(arguments.scratch());
        hits.listen(hit -> console.say(hit.toString()));
        daemon.watchLimits(view.name(), hits);
      }
      awaitEnd(daemon, mount, interruption);
      View _ = daemon.end(view.name());
    }
  }

  /**
   * Waits until the mount has gone, or the daemon, or until a signal comes.
   *
   * @param mount its number, or negative where the view is no mount
   */
  private static void awaitEnd(DaemonClient daemon, long mount, Interruption interruption)
      throws IOException {
    CountDownLatch ended = new CountDownLatch(1);
    daemon.whenGone(ended::countDown);
    try (Interruption.Forwarding _ = interruption.forwardTo(_ -> ended.countDown())) {
      while (!ended.await(LOOK_AGAIN_MILLIS, TimeUnit.MILLISECONDS)) {
        if (mount >= 0 && !MountTable.read().has(mount)) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
