package build.inputfs.app.bench;

import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** All scenarios, in the order of the report. Stateless. */
final class Scenarios {
  private static final int SMALL = 100;
  private static final int MEDIUM = 10_000;
  private static final int LARGE = 100_000;
  private static final int MANY = 1_000_000;
  private static final int HEADERS = 15_000;
  private static final int LARGE_FILE_MEGABYTES = 200;
  private static final int WRITTEN_MEGABYTES = 200;
  private static final int CREATED = 10_000;
  private static final int REAL_TREE = 15_000;
  private static final int CACHED_TREE = 4_400;

  private Scenarios() {}

  /**
   * All of them; nothing is made yet.
   *
   * @param store has the trees of the work set
   * @param folder for what is made beside the contenders' views, on the same disk
   */
  static List<Scenario> of(WorkSet workSet, LocalStore store, Posix posix, Path folder, Scale scale)
      throws IOException {
    int small = scale.of(SMALL);
    int medium = scale.of(MEDIUM);
    int large = scale.of(LARGE);
    WalkScenario.TreeSource smallTree = () -> workSet.files(small);
    List<Scenario> scenarios = new ArrayList<>();
    scenarios.add(new MakeScenario(workSet, "100", small, small));
    scenarios.add(new MakeScenario(workSet, "1k", small, scale.of(1000)));
    scenarios.add(new MakeScenario(workSet, "10k", small, medium));
    scenarios.add(new MakeScenario(workSet, "100k", small, large));
    scenarios.add(walk("10k", medium, smallTree, workSet));
    scenarios.add(walk("100k", large, smallTree, workSet));
    scenarios.add(
        new WalkScenario(
            "real", "this machine's C headers and compiler", smallTree, workSet::real));
    scenarios.add(new LargeFileScenario(workSet, scale.megabytes(LARGE_FILE_MEGABYTES)));
    scenarios.add(
        new WriteScenario(workSet, small, scale.megabytes(WRITTEN_MEGABYTES), scale.of(CREATED)));
    scenarios.add(new CompileScenario(workSet, small, scale.of(HEADERS), Probe.compiler()));
    scenarios.add(
        new RealTreeScenario(
            workSet, store, posix, folder, scale.of(REAL_TREE), scale.of(CACHED_TREE)));
    scenarios.add(new HeapScenario(workSet, small, scale.of(MANY)));
    return scenarios;
  }

  private static Scenario walk(
      String size, int files, WalkScenario.TreeSource small, WorkSet workSet) {
    return new WalkScenario(size, "%,d files".formatted(files), small, () -> workSet.files(files));
  }
}
