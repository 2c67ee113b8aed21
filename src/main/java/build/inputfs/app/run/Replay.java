package build.inputfs.app.run;

import build.inputfs.app.run.JobReport.Phases;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Processes.Redirect;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Runs recorded actions again and compares what comes out with what was recorded. For one thread.
 */
public final class Replay {
  private final LocalStore recordings;
  private final BlobSource blobs;
  private final TreeReader trees;
  private final BlobSource results;
  private final Jobs jobs;
  private final List<Redirect> redirects;

  /**
   * @param recordings the store with the actions' results
   * @param blobs where the actions are, and all that they and their results name
   * @param trees reads its trees
   * @param results the store in which {@code jobs} puts outputs
   * @param redirects the commands' standard streams
   */
  public Replay(
      LocalStore recordings,
      BlobSource blobs,
      TreeReader trees,
      BlobSource results,
      Jobs jobs,
      List<Redirect> redirects) {
    this.recordings = recordings;
    this.blobs = blobs;
    this.trees = trees;
    this.results = results;
    this.jobs = jobs;
    this.redirects = redirects;
  }

  /** Does jobs: see {@link JobRunner#run}. */
  @FunctionalInterface
  public interface Jobs {
    JobReport run(Job job) throws IOException;
  }

  /** What came of an action. */
  public enum Verdict {
    SAME,
    DIFFERS,
    FAILED
  }

  /**
   * One action, run again.
   *
   * @param action its hash
   * @param command the first word of its command; empty when that cannot be read
   * @param files how many files its input tree has
   * @param phases how long each step took; null when it did not get so far
   * @param details what differs, or why it failed
   */
  public record Row(
      String action,
      String command,
      long files,
      @Nullable Phases phases,
      Verdict verdict,
      List<String> details) {}

  /**
   * Runs one action again.
   *
   * @param text its digest, or its hash
   * @return never throws for what is wrong with the action itself: that is a row that says so
   * @throws StoppedException when a signal asks this program to end
   */
  public Row run(String text) {
    String command = "";
    long files = 0;
    try {
      Digest digest = recordings.resolve(text);
      RecordedAction action = RecordedAction.read(blobs, digest);
      if (action.command().getArgumentsCount() > 0) {
        command = action.command().getArguments(0);
      }
      ActionResult recorded = recordings.getActionResult(digest);
      if (recorded == null) {
        throw new IOException("there is no recorded result of this action");
      }
      files = trees.summarize(action.root()).files();
      JobReport report = jobs.run(action.job(redirects));
      return judge(text, command, files, recorded, report);
    } catch (IOException | IllegalArgumentException e) {
      return new Row(text, command, files, null, Verdict.FAILED, List.of(Problems.describe(e)));
    }
  }

  private Row judge(
      String text, String command, long files, ActionResult recorded, JobReport report)
      throws IOException {
    ActionResult actual = report.result();
    List<String> details;
    Verdict verdict;
    if (report.end() instanceof CommandEnd.Stopped(var signal, int _)) {
      throw new StoppedException(signal);
    } else if (!report.failures().isEmpty()) {
      verdict = Verdict.FAILED;
      details = report.failures().stream().map(Object::toString).toList();
    } else if (actual == null) {
      verdict = Verdict.FAILED;
      details = List.of(String.valueOf(report.end().problem()));
    } else {
      details = ResultComparison.differences(recorded, blobs, actual, results);
      verdict = details.isEmpty() ? Verdict.SAME : Verdict.DIFFERS;
    }
    return new Row(text, command, files, report.phases(), verdict, details);
  }
}
