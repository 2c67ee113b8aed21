package build.inputfs.app.bench;

import build.inputfs.app.run.Interruption;
import build.inputfs.cache.view.Folders;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A run of the benchmark, from making its work set to the report. For one thread and one use.
 *
 * <p>All contenders do the same work in turn, in several rounds, and each round begins with another
 * one; a first round, in which programs get warm, does not count.
 */
public final class Benchmark {
  private static final int WARM_UP_VIEWS = 300;
  private static final long WARM_UP_NANOS = 2_000_000_000;

  private final Plan plan;
  private final Posix posix;
  private final Interruption interruption;
  private final Consumer<String> progress;
  private final Measurements measurements = new Measurements();
  private final Map<String, String> absent = new LinkedHashMap<>();
  private final List<String> failures = new ArrayList<>();
  private final Set<String> failed = new TreeSet<>();

  /**
   * What to do.
   *
   * @param folder a new folder, on the disk that is to be measured, for all that the benchmark
   *     makes; it is deleted at the end
   * @param workSet a folder on the same disk that keeps the work set from run to run, or null when
   *     it is not to be kept
   * @param scale how large the work set is, above 0 and at most 1
   * @param rounds how many rounds count; with none, only the work set is made
   * @param dropsCaches whether the kernel may be told to forget names, where this process can
   * @param rows what the names of the wanted rows begin with; empty for all
   * @param contenders who is to take part; empty for all
   * @param strategies the strategies of this program
   * @param commands the user's own contenders: commands by their names
   * @param servers the command that runs a {@link ViewServer}
   */
  public record Plan(
      Path folder,
      @Nullable Path workSet,
      double scale,
      int rounds,
      boolean dropsCaches,
      List<String> rows,
      List<String> contenders,
      List<String> strategies,
      Map<String, String> commands,
      ServerCommand servers) {}

  /** How a view server is started. */
  @FunctionalInterface
  public interface ServerCommand {
    /**
     * The command whose standard streams are a {@link ViewServer}'s.
     *
     * @param strategy which strategy it is to have
     * @param store the folder of the store with the inputs, which it only reads
     * @param scratch a folder of its own, which exists
     */
    List<String> command(String strategy, Path store, Path scratch);
  }

  /**
   * @param progress is told what goes on, line by line, for people
   */
  public Benchmark(Plan plan, Posix posix, Interruption interruption, Consumer<String> progress) {
    this.plan = plan;
    this.posix = posix;
    this.interruption = interruption;
    this.progress = progress;
  }

  /**
   * Runs it. Whatever happens, nothing that it made is left.
   *
   * @throws build.inputfs.app.run.StoppedException when a signal came
   * @throws IllegalArgumentException when the plan names rows or contenders that do not exist
   * @throws IOException when the benchmark cannot go on
   */
  public Report run() throws IOException {
    Files.createDirectories(plan.folder());
    try (Closeable _ = () -> Folders.delete(plan.folder())) {
      Path log = Files.createFile(plan.folder().resolve("messages.txt"));
      try {
        return run(log);
      } catch (IOException e) {
        interruption.check(); // what was asked for has failed because a signal ended it
        throw withMessages(e, log);
      }
    }
  }

  private static IOException withMessages(IOException e, Path log) throws IOException {
    String messages = Files.readString(log).strip();
    return messages.isEmpty() ? e : new IOException(e.getMessage() + "\n" + messages, e);
  }

  private Report run(Path log) throws IOException {
    Path kept = plan.workSet();
    Path folder = Files.createDirectories(kept == null ? plan.folder().resolve("work") : kept);
    Path storeFolder = folder.resolve("store");
    Path trees = Files.createDirectories(folder.resolve("trees"));
    try (Closeable _ = alone(folder);
        Probe probe = Probe.start(plan.folder(), log);
        Interruption.Forwarding _ = interruption.forwardTo(_ -> probe.kill());
        LocalStore store =
            LocalStore.open(
                storeFolder, DigestFunction.SHA256, StoreAccess.READ_WRITE, storeFolder, posix)) {
      WorkSet workSet =
          new WorkSet(
              trees,
              store,
              posix,
              probe,
              (importer, directory) -> interruption.interruptibly(() -> importer.build(directory)),
              progress);
      List<Scenario> scenarios =
          Scenarios.of(workSet, store, posix, plan.folder(), new Scale(plan.scale()));
      List<Scenario> wanted = scenarios.stream().filter(this::isWanted).toList();
      if (wanted.isEmpty()) {
        throw new IllegalArgumentException(
            "there are no rows " + plan.rows() + "; there are " + names(scenarios));
      }
      if (plan.rounds() == 0) {
        for (Scenario scenario : wanted) {
          scenario.prepare(0);
        }
        return report(List.of(), List.of());
      }
      try (Contenders contenders =
          Contenders.start(plan, storeFolder, posix, probe, workSet, log, absent)) {
        List<Results.Section> sections = new ArrayList<>();
        for (Scenario scenario : wanted) {
          measure(scenario, contenders.all(), probe);
          sections.add(
              new Results.Section(
                  scenario.title(), scenario.rows().stream().filter(this::isWanted).toList()));
        }
        return report(contenders.all(), sections);
      }
    }
  }

  /** Holds off other runs on the same work set. */
  private static Closeable alone(Path folder) throws IOException {
    FileChannel file =
        FileChannel.open(
            folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    if (file.tryLock() == null) {
      file.close();
      throw new IOException("another benchmark is at work in " + folder);
    }
    return file;
  }

  private void measure(Scenario scenario, List<Contender> contenders, Probe probe)
      throws IOException {
    KernelCaches caches = new KernelCaches(plan.dropsCaches());
    measure(scenario, contenders, probe, caches);
    long others = caches.dropsByOthers();
    if (others > 0) {
      String message =
          "another program dropped the kernel's caches %d times meanwhile: do not trust '%s'"
              .formatted(others, scenario.title());
      failures.add(message);
      progress.accept(message);
    }
  }

  private void measure(
      Scenario scenario, List<Contender> contenders, Probe probe, KernelCaches caches)
      throws IOException {
    // Round -1 does not count.
    for (int round = -1; round < plan.rounds(); round++) {
      scenario.prepare(round);
      if (round < 0) {
        progress.accept("measuring: " + scenario.title());
        warmUp(scenario.familiar(), contenders);
      }
      for (int i = 0; i < contenders.size(); i++) {
        interruption.check();
        Contender contender = contenders.get((i + round + 1) % contenders.size());
        Measurements kept = round < 0 ? new Measurements() : measurements;
        turn(scenario, new Turn(contender, Math.max(0, round), probe, caches, kept));
      }
    }
  }

  /**
   * Has servers make views, since those that make them for a build have done so often; not for
   * long.
   */
  private void warmUp(List<InputTree> familiar, List<Contender> contenders) throws IOException {
    int views = new Scale(plan.scale()).of(WARM_UP_VIEWS);
    for (Contender contender : contenders) {
      if (contender.memory() == null || familiar.isEmpty()) {
        continue;
      }
      contender.start();
      try {
        long end = System.nanoTime() + WARM_UP_NANOS;
        for (int i = 0; i < views && System.nanoTime() < end; i++) {
          var _ = contender.make(familiar.get(i % familiar.size())).remove();
        }
      } catch (RefusedException e) {
        // The turn is going to say so.
      } finally {
        contender.stop();
      }
    }
  }

  private void turn(Scenario scenario, Turn turn) throws IOException {
    String key = turn.contender().name() + " cannot " + scenario.title();
    if (failed.contains(key)) {
      return;
    }
    Contender contender = turn.contender();
    try {
      contender.start();
      scenario.run(turn);
    } catch (RefusedException e) {
      failed.add(key);
      failures.add(key + ": " + e.getMessage());
      progress.accept(key + ": " + e.getMessage());
    } finally {
      contender.stop();
    }
  }

  private boolean isWanted(Scenario scenario) {
    return scenario.rows().stream().anyMatch(this::isWanted);
  }

  private boolean isWanted(Row row) {
    return plan.rows().isEmpty()
        || plan.rows().stream()
            .anyMatch(name -> row.id().equals(name) || row.id().startsWith(name + "-"));
  }

  private static String names(List<Scenario> scenarios) {
    List<String> names =
        scenarios.stream().flatMap(scenario -> scenario.rows().stream()).map(Row::id).toList();
    return String.join(", ", names);
  }

  private Report report(List<Contender> contenders, List<Results.Section> sections)
      throws IOException {
    Map<String, String> described = new LinkedHashMap<>();
    contenders.forEach(contender -> described.put(contender.name(), contender.description()));
    return new Report(
        new Results(
            Machine.describe(plan.folder()),
            plan.scale(),
            described,
            absent,
            sections,
            failures,
            measurements));
  }
}
