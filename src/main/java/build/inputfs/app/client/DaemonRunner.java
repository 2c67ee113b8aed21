package build.inputfs.app.client;

import build.inputfs.app.client.DaemonClient.Collected;
import build.inputfs.app.client.DaemonClient.Request;
import build.inputfs.app.client.DaemonClient.View;
import build.inputfs.app.run.CommandEnd;
import build.inputfs.app.run.CommandRunner;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Job;
import build.inputfs.app.run.JobReport;
import build.inputfs.app.run.JobReport.Phases;
import build.inputfs.app.run.JobRunner;
import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ActionResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Does the main job with a view of the daemon's: has it made, runs the command in it as a child of
 * this process, has the outputs collected and the view ended. For one thread, one job at a time.
 */
public final class DaemonRunner {
  private final DaemonClient daemon;
  private final CommandRunner commands;
  private final Interruption interruption;
  private final boolean localOnly;

  /**
   * @param interruption asked between the steps
   * @param localOnly whether the daemon is to send no outputs to its remote
   */
  public DaemonRunner(
      DaemonClient daemon, CommandRunner commands, Interruption interruption, boolean localOnly) {
    this.daemon = daemon;
    this.commands = commands;
    this.interruption = interruption;
    this.localOnly = localOnly;
  }

  /**
   * Runs the job.
   *
   * @param strategy its name
   * @param wantsResult whether the report is to have a result though no output was declared: to
   *     decode it takes time
   * @throws build.inputfs.app.run.StoppedException when a signal came while no command was running
   * @throws UnservedException when the daemon makes no view for this caller
   * @throws DaemonException when it cannot make this view, or collect the outputs
   * @throws IOException when the daemon has gone, whatever came of the command
   */
  public JobReport run(Job job, String strategy, boolean wantsResult) throws IOException {
    interruption.check();
    long start = System.nanoTime();
    View view = interruption.interruptibly(() -> daemon.createView(request(job, strategy)));
    long made = System.nanoTime();
    CommandEnd end = runCommand(view, job);
    long ended = System.nanoTime();
    ActionResult result = null;
    List<ViewFailure> failures = List.of();
    if (end instanceof CommandEnd.Exited(int exitCode)
        && (wantsResult || !job.outputs().outputs().isEmpty())) {
      Collected collected =
          interruption.interruptibly(() -> daemon.collect(view.name(), localOnly));
      failures = collected.failures();
      result = result(collected, exitCode);
    }
    long collected = System.nanoTime();
    View closed = daemon.close(view.name());
    if (failures.isEmpty()) {
      failures = closed.failures();
    }
    Phases phases =
        new Phases(made - start, ended - made, collected - ended, System.nanoTime() - collected);
    return new JobReport(
        end,
        failures.isEmpty() ? result : null,
        failures,
        closed.limits(),
        phases,
        closed.strategy(),
        closed.mechanism(),
        closed.counters());
  }

  private static Request request(Job job, String strategy) {
    Digest action = job.action();
    return new Request(
        action == null ? job.root() : action,
        action != null,
        null,
        strategy,
        false,
        job.outputs(),
        job.scratch(),
        action == null ? job.invocation().arguments() : List.of());
  }

  /**
   * Runs the command. Ends it when the daemon goes, and with it what the command works on; and when
   * it has passed a limit where nothing else stops it.
   */
  private CommandEnd runCommand(View view, Job job) throws IOException {
    interruption.check();
    Path root = view.path();
    String directory = job.invocation().workingDirectory();
    if (!Files.isDirectory(root.resolve(directory), LinkOption.NOFOLLOW_LINKS)) {
      throw new IOException(
          "the working directory '" + directory + "' is not a directory of the input tree");
    }
    if (job.scratch().isNone()) {
      return commands.run(root, job.invocation(), daemon::whenGone);
    }
    LimitHits hits = new LimitHits(job.scratch());
    daemon.watchLimits(view.name(), hits);
    return commands.run(
        root,
        job.invocation(),
        ender -> {
          daemon.whenGone(ender);
          hits.listen(hit -> JobRunner.end(hit, ender));
        });
  }

  private static @Nullable ActionResult result(Collected collected, int exitCode)
      throws IOException {
    if (!collected.failures().isEmpty()) {
      return null;
    }
    return ActionResult.parseFrom(collected.result()).toBuilder().setExitCode(exitCode).build();
  }
}
