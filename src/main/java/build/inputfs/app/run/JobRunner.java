package build.inputfs.app.run;

import build.inputfs.app.run.JobReport.Phases;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cache.view.ViewTree;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Does the main job: makes a view, runs a command in it, collects its outputs, ends the view.
 *
 * <p>Whatever happens on the way, a signal included, the view and its mount point are gone at the
 * end, and so are the command's processes. For one thread, one job at a time.
 */
public final class JobRunner {
  private final Posix posix;
  private final ViewStrategy strategy;
  private final CommandRunner commands;
  private final OutputCollector outputs;
  private final Interruption interruption;
  private final Path mountPoints;

  /**
   * @param posix says who this process is: that user owns the inputs in a view
   * @param interruption asked between the steps
   * @param mountPoints the folder in which views get their mount points
   */
  public JobRunner(
      Posix posix,
      ViewStrategy strategy,
      CommandRunner commands,
      OutputCollector outputs,
      Interruption interruption,
      Path mountPoints) {
    this.posix = posix;
    this.strategy = strategy;
    this.commands = commands;
    this.outputs = outputs;
    this.interruption = interruption;
    this.mountPoints = mountPoints;
  }

  /**
   * Runs the job.
   *
   * @throws StoppedException when a signal came while no command was running
   * @throws IOException when the view cannot be made or ended, or outputs cannot be collected
   */
  public JobReport run(Job job) throws IOException {
    interruption.check();
    try (MountPoint point = MountPoint.make(posix, mountPoints)) {
      long start = System.nanoTime();
      View view =
          strategy.open(
              new ViewSpec(
                  job.root(),
                  point.path(),
                  posix.geteuid(),
                  posix.getegid(),
                  false,
                  job.outputs().viewPaths(),
                  job.scratch(),
                  job.invocation().arguments()));
      long made = System.nanoTime();
      Used used;
      long remove;
      try (view) {
        used = use(view, job);
        remove = System.nanoTime();
      }
      Phases phases =
          new Phases(made - start, used.run(), used.collect(), System.nanoTime() - remove);
      return new JobReport(
          used.end(),
          used.result(),
          used.failures(),
          used.limits(),
          phases,
          strategy.name(),
          view.mechanism(),
          view.counters());
    }
  }

  private record Used(
      CommandEnd end,
      @Nullable ActionResult result,
      List<ViewFailure> failures,
      List<LimitHit> limits,
      long run,
      long collect) {}

  private Used use(View view, Job job) throws IOException {
    interruption.check();
    String directory = job.invocation().workingDirectory();
    if (!(view.tree().find(directory) instanceof ViewTree.Directory)) {
      throw new IOException(
          "the working directory '" + directory + "' is not a directory of the input tree");
    }
    long start = System.nanoTime();
    CommandEnd end =
        commands.run(
            view.path(), job.invocation(), ender -> view.limits().listen(hit -> end(hit, ender)));
    long ended = System.nanoTime();
    ActionResult result = null;
    if (end instanceof CommandEnd.Exited(int exitCode) && view.failures().isEmpty()) {
      ActionResult collected =
          interruption.interruptibly(() -> outputs.collect(view.tree(), job.outputs()));
      result = collected.toBuilder().setExitCode(exitCode).build();
    }
    return new Used(
        end,
        result,
        view.failures(),
        view.limits().all(),
        ended - start,
        System.nanoTime() - ended);
  }

  /** Ends a command that has passed a limit, where nothing else stops it. */
  public static void end(LimitHit hit, Runnable ender) {
    if (!hit.refused()) {
      ender.run();
    }
  }
}
