package build.inputfs.app.cli;

import build.inputfs.app.doctor.DiskChecks;
import build.inputfs.app.doctor.Finding;
import build.inputfs.app.doctor.Leftover;
import build.inputfs.app.doctor.Leftovers;
import build.inputfs.app.doctor.MachineChecks;
import build.inputfs.app.doctor.Reaper;
import build.inputfs.app.doctor.Trials;
import build.inputfs.app.doctor.Trials.Outcome;
import build.inputfs.app.doctor.Verdict;
import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Problems;
import build.inputfs.cache.view.SessionFolder;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.fuse.mount.Privileges;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code inputfs doctor}: says which strategies work here, why the others do not, what was left.
 */
final class DoctorCommand implements Subcommand {
  private static final String PREFIX = "doctor-";
  private static final List<String> TRIED =
      Stream.of(
              Strategies.NAMES,
              List.of("fuse" + DoctorTryCommand.OVER_JNR),
              RealStrategies.REAL_TREES,
              List.of(Strategies.AUTOMATIC))
          .flatMap(List::stream)
          .toList();

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs doctor [OPTION...]")
        .description(
            "Says which strategies work on this machine, why the others do not and what to do"
                + " about it, and lists what processes that were killed have left. All of it is"
                + " tried, with small views in folders of its own. Exit code 0 when a strategy"
                + " works, 1 when none does.",
            "");
    spec.addOption(Options.flag(Options.JSON, "Print one JSON object."));
    Options.addCas(spec, "Its disk is tried.");
    spec.addOption(
        Options.value(
            Options.SCRATCH,
            "DIR",
            "The folder whose disk is tried, and in which alone, with $TMPDIR, leftovers are looked"
                + " for (default: scratch in ~/.cache/inputfs, and wherever mounts are)."));
  }

  /** What was found. */
  private record Findings(
      List<Finding> machine,
      List<Finding> strategies,
      Map<String, String> automatic,
      List<Leftover> leftovers) {
    boolean anyWorks() {
      return strategies.stream().anyMatch(finding -> finding.verdict() != Verdict.FAILS);
    }
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Posix posix = Posix.load();
    Findings found = examine(arguments, context, posix);
    PrintStream out = context.console().out();
    if (Options.has(arguments, Options.JSON)) {
      json(found, out);
    } else {
      text(found, out);
    }
    return found.anyWorks() ? OK : NO;
  }

  private static Findings examine(ParseResult arguments, Context context, Posix posix)
      throws IOException {
    MachineChecks checks = new MachineChecks(posix, System.getenv());
    List<Finding> machine = new ArrayList<>(checks.all());
    // Before this makes folders of its own.
    List<Leftover> leftovers = ReapCommand.leftovers(arguments, context, posix).find();
    Path scratch = folder(arguments, Options.SCRATCH, context.folders().scratch());
    Path store = folder(arguments, Options.CAS, context.folders().store());
    Map<String, Outcome> here = Map.of();
    Map<String, Outcome> inNamespace = Map.of();
    Outcome none = new Outcome(false, "", "not tried");
    try (SessionFolder there = open(posix, scratch);
        SessionFolder atStore = open(posix, LocalStore.isWritable(store) ? store : scratch)) {
      machine.addAll(new DiskChecks(posix, atStore.path(), there.path()).all());
      here = attempt(posix, atStore.path(), there.path(), "here", null);
      if (!Privileges.read().mayMount() && checks.namespaceRefusal() == null) {
        inNamespace = attempt(posix, atStore.path(), there.path(), "namespace", "yes");
      }
    } catch (IOException e) {
      none = new Outcome(false, "", "there can be no scratch: " + Problems.describe(e));
    }
    Outcome fuse = here.getOrDefault("fuse", none);
    Outcome overlay = here.getOrDefault("overlay", none);
    Outcome ringed = overlay.works() ? overlay : inNamespace.getOrDefault("overlay", overlay);
    machine.add(checks.passthrough(fuse));
    machine.add(checks.ring(ringed));
    List<Finding> strategies = new ArrayList<>();
    for (String name : TRIED) {
      if (!name.equals(Strategies.AUTOMATIC)) {
        strategies.add(
            judge(name, here.getOrDefault(name, none), inNamespace.get(name), posix.geteuid()));
      }
    }
    Map<String, String> automatic = new LinkedHashMap<>();
    Outcome auto = here.getOrDefault(Strategies.AUTOMATIC, none);
    Outcome autoInNamespace = inNamespace.get(Strategies.AUTOMATIC);
    if (autoInNamespace != null && autoInNamespace.works()) {
      automatic.put("run, replay", autoInNamespace.strategy());
      automatic.put("mount", auto.strategy());
    } else {
      automatic.put("", auto.strategy());
    }
    return new Findings(machine, strategies, automatic, leftovers);
  }

  private static Path folder(ParseResult arguments, String option, Path usual) throws IOException {
    Path given = Options.path(arguments, option);
    if (given == null) {
      Context.makeOwn(usual, option);
      return usual.toRealPath();
    }
    if (!Files.isDirectory(given)) {
      throw new IOException("there is no folder " + given);
    }
    return given.toRealPath();
  }

  private static SessionFolder open(Posix posix, Path parent) throws IOException {
    return SessionFolder.open(posix, parent, PREFIX, folder -> false);
  }

  /** Has another process try all strategies, and removes what it leaves if it dies of that. */
  private static Map<String, Outcome> attempt(
      Posix posix, Path store, Path scratch, String name, @Nullable String namespace)
      throws IOException {
    Path place = Files.createDirectory(scratch.resolve(name));
    List<String> command = new ArrayList<>();
    command.add(ProcessHandle.current().info().command().orElse("java"));
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(
        List.of(DoctorTryCommand.NAME, store.resolve(name).toString(), place.toString()));
    command.addAll(TRIED);
    Map<String, Outcome> outcomes =
        Trials.run(
            namespace == null ? command : MachineChecks.namespaceCommand(command),
            namespace == null ? Map.of() : Map.of(Environment.OWN_NAMESPACE, namespace),
            TRIED,
            scratch.resolve(name + ".log"));
    List<String> stay = new ArrayList<>();
    Reaper.Log log =
        new Reaper.Log() {
          @Override
          public void removed(String what) {
            // Nothing that anybody knew of.
          }

          @Override
          public void failed(String what) {
            stay.add(what);
          }
        };
    if (!new Reaper(posix, log).reap(new Leftovers(posix, List.of(place), false, null).find())) {
      throw new IOException("a process that tried strategies has left: " + String.join("; ", stay));
    }
    return outcomes;
  }

  private static Finding judge(String name, Outcome here, @Nullable Outcome inNamespace, int user) {
    if (!here.works() && inNamespace != null && inNamespace.works()) {
      return new Finding(
          name,
          Verdict.LIMITED,
          "for `run` and `replay`, in a user namespace (" + inNamespace.how() + ")",
          "elsewhere: " + here.how());
    }
    if (!here.works()) {
      return new Finding(name, Verdict.FAILS, here.how(), "");
    }
    if (name.equals("hardlink")) {
      String who = user == 0 ? "root" : "whoever owns the store, after chmod";
      return new Finding(
          name,
          Verdict.LIMITED,
          here.how() + "; " + who + " can write to the store's own files",
          "give it commands that mode bits bind: of another user than root and the store's owner");
    }
    boolean other = !here.how().contains(name) && RealStrategies.REAL_TREES.contains(name);
    boolean snapshot = here.how().contains("snapshot");
    return other && !snapshot
        ? new Finding(
            name, Verdict.LIMITED, "what is done instead: " + here.how(), "see the disks above")
        : new Finding(name, Verdict.WORKS, here.how(), "");
  }

  private static void text(Findings found, PrintStream out) {
    out.println("machine");
    found.machine().forEach(finding -> line(finding, out));
    out.println("strategies");
    found.strategies().forEach(finding -> line(finding, out));
    found
        .automatic()
        .forEach(
            (use, name) ->
                out.printf(
                    "  %-28s %s%n",
                    use.isEmpty() ? "auto" : "auto (" + use + ")",
                    name.isEmpty() ? "finds none" : "takes " + name));
    out.println("leftovers");
    for (Leftover leftover : found.leftovers()) {
      out.println("  " + leftover.path() + ": " + leftover.what());
    }
    out.println(found.leftovers().isEmpty() ? "  none" : "  `inputfs reap` removes them");
  }

  private static void line(Finding finding, PrintStream out) {
    out.printf("  %-28s %-13s  %s%n", finding.what(), finding.verdict().label(), finding.why());
    if (!finding.advice().isEmpty()) {
      out.printf("  %-28s %-13s  (%s)%n", "", "", finding.advice());
    }
  }

  private static void json(Findings found, PrintStream out) throws IOException {
    JsonWriter json = RunJson.begin(out);
    json.beginObject();
    json.name("works").value(found.anyWorks());
    list(json, "machine", found.machine());
    list(json, "strategies", found.strategies());
    json.name("auto").beginArray();
    for (Map.Entry<String, String> each : found.automatic().entrySet()) {
      json.beginObject();
      json.name("commands").value(each.getKey().isEmpty() ? "all" : each.getKey());
      json.name("strategy").value(each.getValue().isEmpty() ? null : each.getValue());
      json.endObject();
    }
    json.endArray();
    json.name("leftovers").beginArray();
    for (Leftover leftover : found.leftovers()) {
      json.beginObject();
      json.name("path").value(leftover.path().toString());
      json.name("what").value(leftover.what());
      json.endObject();
    }
    json.endArray().endObject();
    RunJson.end(json, out);
  }

  private static void list(JsonWriter json, String name, List<Finding> findings)
      throws IOException {
    json.name(name).beginArray();
    for (Finding finding : findings) {
      json.beginObject();
      json.name("what").value(finding.what());
      json.name("verdict").value(finding.verdict().label());
      json.name("why").value(finding.why());
      if (!finding.advice().isEmpty()) {
        json.name("advice").value(finding.advice());
      }
      json.endObject();
    }
    json.endArray();
  }
}
