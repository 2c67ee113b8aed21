package build.inputfs.app.cli;

import build.inputfs.app.run.CommandEnd;
import build.inputfs.app.run.Job;
import build.inputfs.app.run.JobReport;
import build.inputfs.cache.view.DeclaredOutputs.Output;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Digests;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Tells people on stderr what came of a job: failures, outputs, and on request the times. */
final class RunText {
  private static final String ADVICE =
      ": the store lacks an input; put it there, or name another with --cas";

  private final Console console;
  private final boolean verbose;

  RunText(Console console, boolean verbose) {
    this.console = console;
    this.verbose = verbose;
  }

  void print(Job job, JobReport report, long importNanos) {
    if (!report.failures().isEmpty()) {
      printFailures(report.failures());
    } else if (report.end().problem() != null && !(report.end() instanceof CommandEnd.Stopped)) {
      console.say(String.valueOf(report.end().problem()));
    }
    for (LimitHit hit : report.limits()) {
      console.say(hit + (hit.refused() ? "" : ", and the command was ended"));
    }
    ActionResult result = report.result();
    if (result != null) {
      printOutputs(job, result);
    }
    Long waited = report.counters().get(View.FETCH_WAITS);
    if (verbose && waited != null) {
      console.say("the command waited %,d ms for inputs to be fetched".formatted(waited));
    }
    if (verbose) {
      JobReport.Phases phases = report.phases();
      console.say(
          "import %s ms, make %s, run %s, collect %s, remove %s; %s (%s)"
              .formatted(
                  Text.millis(importNanos),
                  Text.millis(phases.make()),
                  Text.millis(phases.run()),
                  Text.millis(phases.collect()),
                  Text.millis(phases.remove()),
                  report.strategy(),
                  report.mechanism()));
    }
  }

  private void printFailures(List<ViewFailure> failures) {
    int shown = verbose ? failures.size() : 1;
    for (ViewFailure failure : failures.subList(0, shown)) {
      boolean missing =
          failure.kind() == ViewFailure.Kind.MISSING_BLOB && !failure.cause().contains("(not on ");
      console.say(failure + (missing ? ADVICE : ""));
    }
    if (shown < failures.size()) {
      console.say("and " + (failures.size() - shown) + " more; --verbose shows them");
    }
  }

  private void printOutputs(Job job, ActionResult result) {
    Set<String> made = new HashSet<>();
    result
        .getOutputFilesList()
        .forEach(
            file -> {
              made.add(file.getPath());
              console.err().println(file.getPath() + "  " + Digests.fromProto(file.getDigest()));
            });
    result
        .getOutputDirectoriesList()
        .forEach(
            directory -> {
              made.add(directory.getPath());
              console
                  .err()
                  .println(
                      directory.getPath()
                          + "/  "
                          + Digests.fromProto(
                              directory.hasRootDirectoryDigest()
                                  ? directory.getRootDirectoryDigest()
                                  : directory.getTreeDigest()));
            });
    List.of(
            result.getOutputSymlinksList(),
            result.getOutputFileSymlinksList(),
            result.getOutputDirectorySymlinksList())
        .forEach(
            symlinks ->
                symlinks.forEach(
                    symlink -> {
                      made.add(symlink.getPath());
                      console.err().println(symlink.getPath() + " -> " + symlink.getTarget());
                    }));
    for (Output output : job.outputs().outputs()) {
      if (!made.contains(output.path())) {
        console.say("output '" + output.path() + "' was not made");
      }
    }
  }
}
