package build.inputfs.app.cli;

import build.inputfs.app.client.UnservedException;
import build.inputfs.app.run.CommandEnd;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Job;
import build.inputfs.app.run.JobReport;
import build.inputfs.app.run.JobReport.Phases;
import build.inputfs.app.run.Problems;
import build.inputfs.app.run.StoppedException;
import build.inputfs.cache.view.LimitHit;
import build.inputfs.cache.view.ViewFailure;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.OutputDirectory;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.proto.OutputSymlink;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What came of a job, as JSON. Stateless. */
final class RunJson {
  private RunJson() {}

  /** A writer on {@code out}, which is flushed and left open by {@link #end}. */
  static JsonWriter begin(PrintStream out) {
    JsonWriter json = new JsonWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8));
    json.setIndent("  ");
    return json;
  }

  static void end(JsonWriter json, PrintStream out) throws IOException {
    json.flush();
    out.println();
    out.flush();
  }

  /**
   * Does a job that tells what came of it; where it fails before, writes one object that says so.
   */
  static int withFailure(Console console, Interruption.Work<Integer> job) throws IOException {
    try {
      return job.run();
    } catch (UnservedException e) {
      throw e; // it will be done elsewhere
    } catch (IOException | StoppedException e) {
      int exitCode = e instanceof StoppedException stopped ? stopped.exitCode() : Subcommand.FAILED;
      writeFailure(console.out(), exitCode, Problems.describe(e));
      throw e;
    }
  }

  private static void writeFailure(PrintStream out, int exitCode, String error) throws IOException {
    JsonWriter json = begin(out);
    json.beginObject().name("exitCode").value(exitCode).name("error").value(error).endObject();
    end(json, out);
  }

  /** Writes one object. */
  static void write(PrintStream out, Job job, JobReport report, long importNanos)
      throws IOException {
    JsonWriter json = begin(out);
    json.beginObject();
    json.name("exitCode").value(report.exitCode());
    json.name("end").value(end(report.end()));
    json.name("commandExitCode").value(report.end().exitCode());
    String problem = report.end().problem();
    if (problem != null) {
      json.name("error").value(problem);
    }
    json.name("root").value(job.root().toString());
    ActionResult result = report.result();
    if (result != null) {
      writeOutputs(json, result);
    }
    json.name("milliseconds").beginObject();
    json.name("import").value(millis(importNanos));
    writePhases(json, report.phases());
    json.endObject();
    json.name("view").beginObject();
    json.name("strategy").value(report.strategy());
    json.name("mechanism").value(report.mechanism());
    json.name("counters").beginObject();
    for (Map.Entry<String, Long> counter : new TreeMap<>(report.counters()).entrySet()) {
      json.name(counter.getKey()).value(counter.getValue());
    }
    json.endObject().endObject();
    json.name("failures").beginArray();
    for (ViewFailure failure : report.failures()) {
      Digest digest = failure.digest();
      json.beginObject();
      json.name("operation").value(failure.operation());
      json.name("path").value(failure.path());
      json.name("digest").value(digest == null ? null : digest.toString());
      json.name("cause").value(failure.cause());
      json.endObject();
    }
    json.endArray();
    writeLimits(json, report.limits());
    json.endObject();
    end(json, out);
  }

  private static void writeLimits(JsonWriter json, List<LimitHit> limits) throws IOException {
    json.name("limits").beginArray();
    for (LimitHit hit : limits) {
      json.beginObject();
      json.name("limit")
          .value(
              switch (hit.limit()) {
                case BYTES -> "bytes";
                case FILES -> "files";
              });
      json.name("allowed").value(hit.allowed());
      json.name("refused").value(hit.refused());
      json.endObject();
    }
    json.endArray();
  }

  /** Writes the phases as members of the current object. */
  static void writePhases(JsonWriter json, Phases phases) throws IOException {
    json.name("make").value(millis(phases.make()));
    json.name("run").value(millis(phases.run()));
    json.name("collect").value(millis(phases.collect()));
    json.name("remove").value(millis(phases.remove()));
  }

  private static void writeOutputs(JsonWriter json, ActionResult result) throws IOException {
    json.name("outputs").beginArray();
    for (OutputFile file : result.getOutputFilesList()) {
      json.beginObject();
      json.name("path").value(file.getPath());
      json.name("type").value("file");
      json.name("digest").value(text(file.getDigest()));
      json.name("executable").value(file.getIsExecutable());
      json.endObject();
    }
    for (OutputDirectory directory : result.getOutputDirectoriesList()) {
      json.beginObject();
      json.name("path").value(directory.getPath());
      json.name("type").value("directory");
      if (directory.hasTreeDigest()) {
        json.name("tree").value(text(directory.getTreeDigest()));
      }
      if (directory.hasRootDirectoryDigest()) {
        json.name("root").value(text(directory.getRootDirectoryDigest()));
      }
      json.endObject();
    }
    for (List<OutputSymlink> symlinks :
        List.of(
            result.getOutputSymlinksList(),
            result.getOutputFileSymlinksList(),
            result.getOutputDirectorySymlinksList())) {
      for (OutputSymlink symlink : symlinks) {
        json.beginObject();
        json.name("path").value(symlink.getPath());
        json.name("type").value("symlink");
        json.name("target").value(symlink.getTarget());
        json.endObject();
      }
    }
    json.endArray();
  }

  private static String end(CommandEnd end) {
    return switch (end) {
      case CommandEnd.Exited _ -> "exited";
      case CommandEnd.NotStarted _ -> "not started";
      case CommandEnd.TimedOut _ -> "timed out";
      case CommandEnd.Stopped _ -> "stopped";
    };
  }

  private static String text(build.inputfs.cas.proto.Digest digest) {
    return Digests.fromProto(digest).toString();
  }

  /** To the microsecond. */
  private static BigDecimal millis(long nanos) {
    return BigDecimal.valueOf(nanos / 1000, 3);
  }
}
