package build.inputfs.app.bench;

import build.inputfs.app.bench.Benchmark.Plan;
import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** All who take part: each was tried on a small tree. Owns them. */
final class Contenders implements AutoCloseable {
  private static final int TRIAL_FILES = 10;

  private final List<Contender> all = new ArrayList<>();
  private final Map<String, String> absent;
  private final Plan plan;
  private final Path store;

  private Contenders(Plan plan, Path store, Map<String, String> absent) {
    this.plan = plan;
    this.store = store;
    this.absent = absent;
  }

  /**
   * Gets all ready that the plan asks for.
   *
   * @param store the folder of the store with the trees
   * @param log takes what servers write to stderr
   * @param absent gets the names of those that cannot take part, with the reasons
   * @throws IllegalArgumentException when the plan names one that does not exist
   */
  static Contenders start(
      Plan plan,
      Path store,
      Posix posix,
      Probe probe,
      WorkSet workSet,
      Path log,
      Map<String, String> absent)
      throws IOException {
    Contenders contenders = new Contenders(plan, store, absent);
    try {
      contenders.addAll(posix, probe, workSet.files(TRIAL_FILES), log);
      return contenders;
    } catch (IOException | RuntimeException e) {
      try {
        contenders.close();
      } catch (IOException leftBehind) {
        e.addSuppressed(leftBehind);
      }
      throw e;
    }
  }

  private void addAll(Posix posix, Probe probe, InputTree trial, Path log) throws IOException {
    List<String> names =
        new ArrayList<>(List.of(NativeContender.NAME, FarmContender.NAME, OverlayfsContender.NAME));
    names.addAll(plan.strategies());
    names.addAll(plan.commands().keySet());
    for (String name : plan.contenders()) {
      if (!names.contains(name)) {
        throw new IllegalArgumentException(
            "there is no contender '" + name + "'; there are " + String.join(", ", names));
      }
    }
    for (String name : names) {
      if (plan.contenders().isEmpty() || plan.contenders().contains(name)) {
        Path folder = Files.createDirectory(plan.folder().resolve("view-" + name));
        add(make(name, folder, posix, probe, log), trial, probe);
      }
    }
  }

  private Contender make(String name, Path folder, Posix posix, Probe probe, Path log)
      throws IOException {
    if (name.equals(NativeContender.NAME)) {
      return new NativeContender();
    }
    if (name.equals(FarmContender.NAME)) {
      return new FarmContender(probe, folder);
    }
    Path view = Files.createDirectory(folder.resolve("view"));
    if (name.equals(OverlayfsContender.NAME)) {
      return new OverlayfsContender(posix, view, folder.resolve("scratch"));
    }
    String command = plan.commands().get(name);
    if (command != null) {
      return new CommandContender(name, command, probe, folder, view);
    }
    Path scratch = Files.createDirectory(folder.resolve("scratch"));
    List<String> server = plan.servers().command(name, store, scratch);
    return new StrategyContender(
        name, LineProcess.start("the server of " + name, server, log), view);
  }

  /** Takes a contender, if it can show a small tree. */
  private void add(Contender contender, InputTree trial, Probe probe) throws IOException {
    all.add(contender);
    try {
      contender.start();
      try {
        Contender.Site site = contender.make(trial);
        long shown = probe.walk(site.path()).count();
        long wanted = probe.walk(trial.directory()).count();
        var _ = site.requests();
        var _ = site.remove();
        if (shown != wanted) {
          throw new RefusedException("it shows %d entries instead of %d".formatted(shown, wanted));
        }
      } finally {
        contender.stop();
      }
    } catch (RefusedException e) {
      absent.put(contender.name(), String.valueOf(e.getMessage()));
      all.remove(contender);
      contender.close();
    }
  }

  /** They, in the order of the report. */
  List<Contender> all() {
    return List.copyOf(all);
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    for (Contender contender : all) {
      try {
        contender.close();
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
