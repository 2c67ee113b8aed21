package build.inputfs.app.cli;

import build.inputfs.app.bench.Benchmark;
import build.inputfs.app.bench.Benchmark.Plan;
import build.inputfs.app.bench.Report;
import build.inputfs.app.run.Interruption;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs bench}: measures views on this machine. */
final class BenchCommand implements Subcommand {
  private static final String QUICK = "--quick";
  private static final String ROUNDS = "--rounds";
  private static final String SCALE = "--scale";
  private static final String ONLY = "--only";
  private static final String CONTENDERS = "--contenders";
  private static final String AGAINST = "--against";
  private static final String OUTPUT = "--output";
  private static final String WORK_SET = "--work-set";
  private static final String JOIN = "--join";
  private static final String KEEP_CACHES = "--keep-caches";
  private static final int FULL_ROUNDS = 5;
  private static final int QUICK_ROUNDS = 3;
  private static final double QUICK_SCALE = 0.1;

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs bench [OPTION...]")
        .description(
            "Measures each strategy on this machine against a native directory, a farm of hard"
                + " links made by `cp -al`, and overlayfs on a native directory. All do the same"
                + " work in turn, in several rounds. Prints tables of medians with their ratios to"
                + " native; requests are what the server was asked meanwhile.",
            "",
            "It needs a C compiler, about 4 GB of disk and an hour, and the quiet of the machine."
                + " As root it has the kernel drop names and attributes from its caches (never"
                + " contents) before what is called cold; other programs feel that for a moment.",
            "");
    spec.addOption(
        Options.flag(QUICK, "Rough figures in some minutes: a tenth of the work, 3 rounds."));
    spec.addOption(
        Options.value(
            ROUNDS,
            "N",
            "How many rounds count (default: 5). With 0 it measures nothing: it only makes the"
                + " --work-set, and a report of what is joined."));
    spec.addOption(
        Options.value(SCALE, "F", "The size of the work, up to 1 (default: 1, or 0.1 if quick)."));
    spec.addOption(
        Options.value(
            ONLY, "ROW,...", "Only these rows, or those whose names begin so: walk,read-warm"));
    spec.addOption(
        Options.value(CONTENDERS, "NAME,...", "Only these: native,cp-al,overlayfs,fuse say."));
    spec.addOption(
        Options.values(
            AGAINST,
            "NAME=COMMAND",
            "1",
            "Measure a command of yours too. The shell runs it as `COMMAND make TREE VIEW`, to"
                + " have what is in the directory TREE in VIEW, an empty directory, for a command"
                + " to change as it likes; and as `COMMAND remove TREE VIEW`, after which VIEW is"
                + " an empty directory again. May be given several times."));
    spec.addOption(
        Options.flag(
            KEEP_CACHES, "Leave the kernel's caches alone: nothing that is cold is measured."));
    spec.addOption(
        Options.value(
            WORK_SET,
            "DIR",
            "Keep the trees to work on there, and use those that are there. It is the default of"
                + " --scratch then, which has to be on the same disk."));
    spec.addOption(
        Options.values(
            JOIN,
            "FILE",
            "1",
            "Join the JSON of an earlier run on this machine, so that a long run can be done in"
                + " pieces: rounds of the same row are counted together. May be given several"
                + " times."));
    spec.addOption(
        Options.value(OUTPUT, "DIR", "Write bench.txt, bench.json and bench.svg there."));
    spec.addOption(
        Options.value(
            Options.SCRATCH,
            "DIR",
            "A folder on the disk to measure (default: ~/.cache/inputfs); all that is put there is"
                + " deleted at the end, but the --work-set."));
    spec.addOption(Options.flag(Options.JSON, "Print one JSON object on stdout instead."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Interruption interruption = context.signals().get();
    Path output = Options.path(arguments, OUTPUT);
    if (output != null) {
      Files.createDirectories(output);
    }
    Console console = context.console();
    Plan plan = plan(arguments, context);
    Report report;
    try {
      List<Report> runs = new ArrayList<>();
      for (String file : Options.list(arguments, JOIN)) {
        runs.add(Report.parse(Files.readString(Path.of(file))));
      }
      if (plan.rounds() > 0 || plan.workSet() != null || runs.isEmpty()) {
        runs.add(new Benchmark(plan, Posix.load(), interruption, console::say).run());
      }
      report = Report.join(runs);
    } catch (IllegalArgumentException e) {
      throw Options.usage(arguments, String.valueOf(e.getMessage()));
    }
    console.out().print(Options.has(arguments, Options.JSON) ? report.json() : report.text());
    if (output != null) {
      Files.writeString(output.resolve("bench.txt"), report.text());
      Files.writeString(output.resolve("bench.json"), report.json());
      Files.writeString(output.resolve("bench.svg"), report.chart());
    }
    return report.failures().isEmpty() ? OK : NO;
  }

  private static Plan plan(ParseResult arguments, Context context) throws IOException {
    Path workSet = Options.path(arguments, WORK_SET);
    Path parent = Options.path(arguments, Options.SCRATCH);
    if (parent == null) {
      parent = workSet == null ? context.folders().store() : workSet;
    }
    Files.createDirectories(parent);
    if (workSet != null) {
      workSet = Files.createDirectories(workSet).toRealPath();
    }
    boolean quick = Options.has(arguments, QUICK);
    return new Plan(
        parent.toRealPath().resolve("bench-" + ProcessHandle.current().pid()),
        workSet,
        number(arguments, SCALE, quick ? QUICK_SCALE : 1),
        (int) number(arguments, ROUNDS, quick ? QUICK_ROUNDS : FULL_ROUNDS),
        !Options.has(arguments, KEEP_CACHES),
        names(arguments, ONLY),
        names(arguments, CONTENDERS),
        Stream.of(Strategies.NAMES, RealStrategies.REAL_TREES).flatMap(List::stream).toList(),
        commands(arguments),
        BenchCommand::server);
  }

  /** This same program as a view server, in the same Java virtual machine with the same options. */
  private static List<String> server(String strategy, Path store, Path scratch) {
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(List.of(BenchServeCommand.NAME, strategy, store.toString(), scratch.toString()));
    return command;
  }

  private static List<String> names(ParseResult arguments, String option) {
    String value = Options.get(arguments, option);
    return value == null ? List.of() : List.of(value.split(",", -1));
  }

  private static double number(ParseResult arguments, String option, double missing) {
    String value = Options.get(arguments, option);
    if (value == null) {
      return missing;
    }
    double number;
    try {
      number = Double.parseDouble(value);
    } catch (NumberFormatException e) {
      number = -1;
    }
    if (option.equals(ROUNDS)
        ? number != Math.rint(number) || number < 0
        : !(number > 0 && number <= 1)) {
      throw Options.usage(arguments, option + " does not take '" + value + "'");
    }
    return number;
  }

  private static Map<String, String> commands(ParseResult arguments) {
    Map<String, String> commands = new LinkedHashMap<>();
    for (String value : Options.list(arguments, AGAINST)) {
      int equals = value.indexOf('=');
      if (equals < 1 || !value.substring(0, equals).matches("[A-Za-z0-9._-]+")) {
        throw Options.usage(arguments, AGAINST + " takes NAME=COMMAND, not '" + value + "'");
      }
      commands.put(value.substring(0, equals), value.substring(equals + 1));
    }
    return commands;
  }
}
