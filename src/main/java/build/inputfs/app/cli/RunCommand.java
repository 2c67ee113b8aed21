package build.inputfs.app.cli;

import build.inputfs.app.run.CommandRunner;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Invocation;
import build.inputfs.app.run.Job;
import build.inputfs.app.run.JobReport;
import build.inputfs.app.run.JobRunner;
import build.inputfs.app.run.RecordedAction;
import build.inputfs.cache.view.DeclaredOutputs;
import build.inputfs.cache.view.OutputCollector;
import build.inputfs.cache.view.Quota;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Processes;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code inputfs run}: a command runs in a view of an input tree, and its outputs are collected.
 */
final class RunCommand implements Subcommand {
  static final String INPUTS = "--inputs";
  static final String ROOT = "--root";
  private static final String ACTION = "--action";
  static final String OUTPUT = "--output";
  static final String ENV = "--env";
  static final String CLEAN_ENV = "--clean-env";
  static final String WORKING_DIRECTORY = "--working-directory";
  static final String TIMEOUT = "--timeout";
  private static final String READ_ONLY_CAS = "--read-only-cas";

  /** The options that no daemon serves. */
  static final List<String> NOT_FOR_DAEMONS =
      List.of(
          READ_ONLY_CAS,
          Options.REMOTE,
          Options.REMOTE_TIMEOUT,
          Options.SCRATCH,
          Options.TRANSPORT);

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis(
            "inputfs run --inputs DIR [--output PATH...] [OPTION...] -- COMMAND [ARGUMENT...]",
            "       inputfs run --root DIGEST [--output PATH...] [OPTION...] -- COMMAND"
                + " [ARGUMENT...]",
            "       inputfs run --action DIGEST [OPTION...]")
        .description(
            "Runs a command in a view of an input tree: a directory that behaves like a private"
                + " copy of the tree. Then puts the outputs in the store, and ends the view with"
                + " all that was written in it and every process that the command left behind.",
            "",
            "Standard streams, signals and the exit code are handed through. Each output is named"
                + " on stderr with its digest, which `inputfs cat` and `inputfs ls` take.",
            "")
        .footer(
            "",
            "The store: inputs are read from it and outputs are put in it. When its folder has no"
                + " write bit for its owner, or cannot be written, or with --read-only-cas, it is"
                + " never changed, and everything goes to the default store instead.",
            "",
            "Exit codes: that of the command; 128+N when signal N ended it, 127 when there is no"
                + " such command, 126 when it cannot be run, 124 when its time was over; 125 when"
                + " inputfs failed, or could not give the command an input; 2 for wrong usage.");
    spec.addOption(
        Options.value(
            INPUTS,
            "DIR",
            "A directory of the disk as input tree. It is imported, never changed."));
    spec.addOption(Options.value(ROOT, "DIGEST", "A tree of the store as input tree."));
    spec.addOption(
        Options.value(
            ACTION,
            "DIGEST",
            "A recorded action of the Remote Execution API: its command, input tree, environment,"
                + " working directory, outputs and timeout."));
    spec.addOption(
        Options.values(
            OUTPUT,
            "PATH",
            "1..*",
            "What the command makes: files, directories or symlinks in the tree. Their parent"
                + " directories exist from the start."));
    spec.addOption(
        Options.value(
            WORKING_DIRECTORY,
            "PATH",
            "Where in the tree the command starts (default: its root)."));
    spec.addOption(
        Options.values(ENV, "NAME=VALUE", "1", "Set a variable in the command's environment."));
    spec.addOption(
        Options.flag(CLEAN_ENV, "Start from an empty environment rather than this program's own."));
    spec.addOption(
        Options.value(TIMEOUT, "SECONDS", "End the command after so long, with exit code 124."));
    Options.addCas(spec, "");
    Options.addRemote(spec);
    spec.addOption(
        Options.flag(READ_ONLY_CAS, "Do not change the store, though it may be written."));
    Options.addView(spec);
    Options.addScratchLimit(spec);
    Options.addDaemon(spec);
    spec.addOption(
        Options.flag(
            Options.JSON,
            "Print one JSON object on stdout: exit code, outputs, times, view, failures. What the"
                + " command writes to stdout goes to stderr then."));
    spec.addPositional(
        Options.arguments(0, "COMMAND", "The command and its arguments; best put after `--`."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    if (List.of(INPUTS, ROOT, ACTION).stream().filter(arguments::hasMatchedOption).count() != 1) {
      throw Options.usage(arguments, "give one of --inputs, --root and --action");
    }
    if (arguments.hasMatchedOption(ACTION)) {
      refuse(arguments, OUTPUT, ENV, CLEAN_ENV, WORKING_DIRECTORY);
      if (!Options.rest(arguments, 0).isEmpty()) {
        throw Options.usage(arguments, "an action has its own command");
      }
    }
    if (!Options.has(arguments, Options.JSON)) {
      return runSomewhere(arguments, context);
    }
    return RunJson.withFailure(context.console(), () -> runSomewhere(arguments, context));
  }

  /** Has a daemon do it where one is wanted and can; else does it in this process. */
  private static int runSomewhere(ParseResult arguments, Context context) throws IOException {
    return DaemonChoice.of(arguments, context, NOT_FOR_DAEMONS)
        .run(
            finder -> {
              RunArguments asked = arguments(arguments);
              Quota scratch = Options.scratch(arguments);
              DaemonRun daemon = new DaemonRun(context.console(), finder, context.signals());
              return Options.sensible(
                  arguments,
                  () -> {
                    DaemonRun.JobSource source =
                        arguments.hasMatchedOption(ACTION)
                            ? (_, _) -> recorded(arguments, asked, context)
                            : daemon.job(asked);
                    return daemon.run(
                        asked,
                        (client, interruption) ->
                            source.job(client, interruption).withScratch(scratch));
                  });
            },
            () -> runJob(arguments, context, Options.has(arguments, Options.JSON)));
  }

  /** What was asked for. */
  static RunArguments arguments(ParseResult arguments) {
    return new RunArguments(
        Options.get(arguments, INPUTS),
        Options.get(arguments, ROOT),
        Options.list(arguments, OUTPUT),
        Options.get(arguments, WORKING_DIRECTORY),
        Options.list(arguments, ENV),
        Options.has(arguments, CLEAN_ENV),
        Options.get(arguments, TIMEOUT),
        Options.path(arguments, Options.CAS),
        Options.get(arguments, Options.STRATEGY),
        Options.has(arguments, Options.JSON),
        Options.has(arguments, Options.VERBOSE),
        Options.rest(arguments, 0));
  }

  private static int runJob(ParseResult arguments, Context context, boolean json)
      throws IOException {
    RunArguments asked = arguments(arguments);
    Invocation given =
        arguments.hasMatchedOption(ACTION) ? null : Options.sensible(arguments, asked::invocation);
    Quota scratch = Options.scratch(arguments);
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    try (Stores stores = context.stores(posix)) {
      StoreAccess access =
          Options.has(arguments, READ_ONLY_CAS) ? StoreAccess.READ_ONLY : StoreAccess.AUTOMATIC;
      Blobs blobs = stores.blobs(arguments, access);
      LocalStore store = blobs.store();
      LocalStore results = stores.writable(store);
      long start = System.nanoTime();
      LocalStore inputs = arguments.hasMatchedOption(INPUTS) ? results : store;
      Job job;
      Lease kept;
      try (Lease _ = inputs.keepNew()) {
        job =
            job(arguments, asked, given, inputs, blobs, posix, interruption, context.console())
                .withScratch(scratch);
        kept = inputs.lease(job.root());
      }
      long imported = System.nanoTime() - start;
      BlobSource source = inputs == store ? blobs.source() : inputs;
      TreeReader trees = new TreeReader(source, TreeReader.DEFAULT_CACHE_BYTES);
      try (kept;
          ViewStrategy strategy = context.strategy(arguments, posix, source, trees)) {
        JobReport report =
            new JobRunner(
                    posix,
                    strategy,
                    new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE),
                    new OutputCollector(
                        source, results, blobs.sending(results, context.configuration())),
                    interruption,
                    context.folders().mountPoints())
                .run(job);
        RunText text = new RunText(context.console(), Options.has(arguments, Options.VERBOSE));
        text.print(job, report, imported);
        if (json) {
          RunJson.write(context.console().out(), job, report, imported);
        }
        return report.exitCode();
      }
    }
  }

  private static Job job(
      ParseResult arguments,
      RunArguments asked,
      @Nullable Invocation given,
      LocalStore store,
      Blobs blobs,
      Posix posix,
      Interruption interruption,
      Console console)
      throws IOException {
    if (given == null) {
      return recorded(arguments, asked, blobs);
    }
    DeclaredOutputs outputs = Options.sensible(arguments, asked::declaredOutputs);
    String root = Options.get(arguments, ROOT);
    if (root != null) {
      return new Job(store.resolve(root), given, outputs);
    }
    Path directory = Path.of(String.valueOf(Options.get(arguments, INPUTS)));
    Import importer = new Import(posix, interruption, console);
    return new Job(importer.run(store, directory, Set.of()), given, outputs);
  }

  /** The job of a recorded action in the store that the arguments name. */
  private static Job recorded(ParseResult arguments, RunArguments asked, Context context)
      throws IOException {
    try (Stores stores = context.stores(Posix.load())) {
      return recorded(arguments, asked, stores.blobs(arguments, StoreAccess.READ_ONLY));
    }
  }

  private static Job recorded(ParseResult arguments, RunArguments asked, Blobs blobs)
      throws IOException {
    String action = String.valueOf(Options.get(arguments, ACTION));
    Job job =
        RecordedAction.read(blobs.source(), blobs.store().resolve(action)).job(asked.redirects());
    Duration timeout = Options.sensible(arguments, asked::timeoutDuration);
    return timeout == null ? job : job.withTimeout(timeout);
  }

  private static void refuse(ParseResult arguments, String... options) {
    for (String option : options) {
      if (arguments.hasMatchedOption(option)) {
        throw Options.usage(
            arguments, option + " cannot be given for an action, which has its own");
      }
    }
  }
}
