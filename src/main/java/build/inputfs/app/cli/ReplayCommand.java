package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.DaemonRunner;
import build.inputfs.app.run.CommandRunner;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.JobReport.Phases;
import build.inputfs.app.run.JobRunner;
import build.inputfs.app.run.Replay;
import build.inputfs.app.run.Replay.Row;
import build.inputfs.app.run.Replay.Verdict;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.OutputCollector.Receiver;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Processes;
import build.inputfs.cas.posix.Processes.Redirect;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs replay}: recorded actions run again, and their results are compared. */
final class ReplayCommand implements Subcommand {
  private static final String PUSH_OUTPUTS = "--push-outputs";

  /** The options that no daemon serves. */
  private static final List<String> NOT_FOR_DAEMONS =
      List.of(Options.REMOTE, Options.REMOTE_TIMEOUT, PUSH_OUTPUTS, Options.SCRATCH);

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs replay [ACTION...] [OPTION...]")
        .description(
            "Runs recorded actions of the Remote Execution API again, each in a view of its input"
                + " tree, and compares exit codes and outputs with what was recorded.",
            "",
            "Prints a line per action: its hash, its command's first word, how many files its tree"
                + " has, the milliseconds to make the view, run the command, collect the outputs"
                + " and remove the view, and `same` or what differs. What commands print is"
                + " dropped, or goes to stderr with --verbose.",
            "")
        .footer(
            "",
            "The store with the recordings is only read, without a remote; outputs go to the default"
                + " store. Where a daemon makes the views, they go to the daemon's store.",
            "",
            "Exit codes: 0 when all are the same, 1 when one failed or differs; 125 when inputfs"
                + " itself failed; 2 for wrong usage.");
    spec.addPositional(
        Options.arguments(
            0, "ACTION", "The actions' digests or hashes (default: all that have a result)."));
    Options.addCas(spec, "");
    Options.addRemote(spec);
    Options.addView(spec);
    Options.addDaemon(spec);
    spec.addOption(
        Options.flag(PUSH_OUTPUTS, "Send the outputs to the remote: what it lacks of them."));
    spec.addOption(
        Options.flag(Options.JSON, "Print one JSON object on stdout instead, with all details."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    if (Options.has(arguments, PUSH_OUTPUTS) && Options.get(arguments, Options.REMOTE) == null) {
      throw Options.usage(arguments, PUSH_OUTPUTS + " needs a remote: see --remote");
    }
    return DaemonChoice.of(arguments, context, NOT_FOR_DAEMONS)
        .run(
            finder -> replayByDaemon(arguments, context, finder), () -> replay(arguments, context));
  }

  private static int replayByDaemon(ParseResult arguments, Context context, DaemonFinder finder)
      throws IOException {
    Path folder = Options.path(arguments, Options.CAS);
    String named = Options.get(arguments, Options.STRATEGY);
    String strategy = named == null ? Strategies.AUTOMATIC : named;
    try (DaemonClient daemon =
            finder.find(
                "inputfs replay", folder, strategy, Options.has(arguments, Options.VERBOSE));
        Stores stores = context.stores(Posix.load())) {
      Interruption interruption = context.signals().get();
      LocalStore recordings = stores.open(arguments, StoreAccess.READ_ONLY);
      // Where the daemon's outputs go, too.
      LocalStore results = stores.writable(stores.open(arguments, StoreAccess.AUTOMATIC));
      DaemonRunner jobs =
          new DaemonRunner(
              daemon,
              new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE),
              interruption,
              /* localOnly= */ true);
      return run(
          new Replay(
              recordings,
              recordings,
              new TreeReader(recordings, TreeReader.DEFAULT_CACHE_BYTES),
              results,
              job -> jobs.run(job, strategy, true),
              streams(Options.has(arguments, Options.VERBOSE))),
          recordings,
          arguments,
          context);
    }
  }

  private static int replay(ParseResult arguments, Context context) throws IOException {
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    try (Stores stores = context.stores(posix)) {
      Blobs blobs = stores.blobs(arguments, StoreAccess.READ_ONLY);
      LocalStore recordings = blobs.store();
      LocalStore results = stores.writable(recordings);
      Receiver receiver =
          Options.has(arguments, PUSH_OUTPUTS) ? blobs.sending(results) : Receiver.NONE;
      TreeReader trees = new TreeReader(blobs.source(), TreeReader.DEFAULT_CACHE_BYTES);
      try (ViewStrategy strategy = context.strategy(arguments, posix, blobs.source(), trees)) {
        Replay replay =
            new Replay(
                recordings,
                blobs.source(),
                trees,
                results,
                new JobRunner(
                        posix,
                        strategy,
                        new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE),
                        new OutputCollector(blobs.source(), results, receiver),
                        interruption,
                        context.folders().mountPoints())
                    ::run,
                streams(Options.has(arguments, Options.VERBOSE)));
        return run(replay, recordings, arguments, context);
      }
    }
  }

  private static int run(
      Replay replay, LocalStore recordings, ParseResult arguments, Context context)
      throws IOException {
    List<String> actions = Options.rest(arguments, 0);
    PrintStream out = context.console().out();
    return run(
        replay,
        actions.isEmpty() ? recordings.listActions() : actions,
        Options.has(arguments, Options.JSON) ? new JsonRows(out) : new TextRows(out));
  }

  private static List<Redirect> streams(boolean verbose) {
    Path nothing = Path.of("/dev/null");
    Redirect stdin = new Redirect.From(0, nothing);
    return verbose
        ? List.of(stdin, new Redirect.Like(1, 2))
        : List.of(stdin, new Redirect.To(1, nothing), new Redirect.To(2, nothing));
  }

  private static int run(Replay replay, List<String> actions, Rows rows) throws IOException {
    Map<Verdict, Integer> counts = new EnumMap<>(Verdict.class);
    for (String action : actions) {
      Row row = replay.run(action);
      counts.merge(row.verdict(), 1, Integer::sum);
      rows.add(row);
    }
    int same = counts.getOrDefault(Verdict.SAME, 0);
    int differ = counts.getOrDefault(Verdict.DIFFERS, 0);
    int failed = counts.getOrDefault(Verdict.FAILED, 0);
    rows.end(same, differ, failed);
    return differ + failed == 0 ? OK : NO;
  }

  /** Where rows go, as they come. */
  private interface Rows {
    void add(Row row) throws IOException;

    void end(int same, int differ, int failed) throws IOException;
  }

  private static final class TextRows implements Rows {
    private static final int HASH_DIGITS = 12;
    private static final String HASH = "\\b([0-9a-f]{%d})[0-9a-f]{20,}".formatted(HASH_DIGITS);

    private final PrintStream out;

    TextRows(PrintStream out) {
      this.out = out;
      out.printf(
          "%-12s  %-14s %7s %8s %8s %8s %8s%n",
          "action", "command", "files", "make ms", "run", "collect", "remove");
    }

    @Override
    public void add(Row row) {
      Phases phases = row.phases();
      out.printf(
          "%-12s  %-14s %7d %8s %8s %8s %8s  %s%n",
          row.action().substring(0, Math.min(HASH_DIGITS, row.action().length())),
          row.command(),
          row.files(),
          phases == null ? "-" : Text.millis(phases.make()),
          phases == null ? "-" : Text.millis(phases.run()),
          phases == null ? "-" : Text.millis(phases.collect()),
          phases == null ? "-" : Text.millis(phases.remove()),
          verdict(row));
      out.flush();
    }

    @Override
    public void end(int same, int differ, int failed) {
      out.printf(
          "%d actions: %d same, %d differ, %d failed%n",
          same + differ + failed, same, differ, failed);
    }

    private static String verdict(Row row) {
      String details = String.join("; ", row.details()).replaceAll(HASH, "$1…");
      return switch (row.verdict()) {
        case SAME -> "same";
        case DIFFERS -> "differs: " + details;
        case FAILED -> "failed: " + String.join("; ", row.details());
      };
    }
  }

  private static final class JsonRows implements Rows {
    private final PrintStream out;
    private final JsonWriter json;

    JsonRows(PrintStream out) throws IOException {
      this.out = out;
      this.json = RunJson.begin(out);
      json.beginObject().name("actions").beginArray();
    }

    @Override
    public void add(Row row) throws IOException {
      json.beginObject();
      json.name("action").value(row.action());
      json.name("command").value(row.command());
      json.name("files").value(row.files());
      Phases phases = row.phases();
      if (phases != null) {
        json.name("milliseconds").beginObject();
        RunJson.writePhases(json, phases);
        json.endObject();
      }
      json.name("verdict").value(row.verdict().name().toLowerCase(Locale.ROOT));
      json.name("details").beginArray();
      for (String detail : row.details()) {
        json.value(detail);
      }
      json.endArray().endObject();
    }

    @Override
    public void end(int same, int differ, int failed) throws IOException {
      json.endArray();
      json.name("same").value(same).name("differ").value(differ).name("failed").value(failed);
      json.endObject();
      RunJson.end(json, out);
    }
  }
}
