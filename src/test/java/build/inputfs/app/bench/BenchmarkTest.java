package build.inputfs.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import build.inputfs.app.bench.Benchmark.Plan;
import build.inputfs.app.cli.Main;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.StoppedException;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Signals;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The whole benchmark on a tiny work set: that it works, not what it measures. */
@Timeout(value = 30, unit = TimeUnit.MINUTES)
final class BenchmarkTest {
  /** A scenario each, but for this machine's own headers, whose size is not ours to choose. */
  private static final List<String> ROWS =
      List.of(
          "make",
          "walk-cold-10k",
          "read-warm-10k",
          "large",
          "write-4k",
          "compile",
          "trees",
          "many");

  private final Interruption interruption = new Interruption();
  private final List<String> progress = new ArrayList<>();

  @TempDir private Path parent;
  private Path folder;

  @BeforeEach
  void needsACompilerAndFuse() throws IOException {
    folder = parent.toRealPath().resolve("bench");
    assumeTrue(hasCompiler(), "the benchmark's probe needs a C compiler");
    assumeTrue(Files.isWritable(Path.of("/dev/fuse")), "views need /dev/fuse");
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(folder).doesNotExist();
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(parent.toString());
    assertThat(ProcessHandle.current().children()).isEmpty();
  }

  @Test
  void run_givesEveryRowOfEveryContender() throws Exception {
    Report report = benchmark(ROWS, List.of(), Map.of("tar", tar())).run();
    assertThat(report.failures()).allSatisfy(BenchmarkTest::isOfOthers);
    JsonObject json = JsonParser.parseString(report.json()).getAsJsonObject();
    Set<String> contenders = json.getAsJsonObject("contenders").keySet();
    assertThat(contenders).contains("native", "cp-al", "tar", "fuse", "hardlink");
    assertThat(contenders.contains("overlayfs"))
        .isNotEqualTo(json.getAsJsonObject("absent").has("overlayfs"));
    JsonObject rows = new JsonObject();
    for (JsonElement row : json.getAsJsonArray("rows")) {
      rows.add(row.getAsJsonObject().get("id").getAsString(), row);
    }
    assertThat(rows.keySet())
        .contains("make-unseen-100k", "large-map-second", "write-4k", "many-heap")
        .doesNotContain("write-1m", "walk-warm-10k", "walk-cold-real");
    assertFigures(rows.getAsJsonObject("make-100k"), "cp-al", "tar", "fuse");
    assertFigures(rows.getAsJsonObject("read-warm-10k"), "native", "cp-al", "tar", "fuse");
    assertFigures(rows.getAsJsonObject("compile-changed"), "native", "cp-al", "tar", "fuse");
    JsonObject reads = rows.getAsJsonObject("read-warm-10k").getAsJsonObject("contenders");
    assertThat(requests(reads, "fuse").get("median").getAsInt()).isPositive();
    assertThat(reads.getAsJsonObject("native").has("requests")).isFalse();
    assertThat(report.text()).contains("open, read, close, warm", "compile, second view");
    assertThat(rows.getAsJsonObject("walk-cold-10k").getAsJsonObject("contenders").size())
        .as("the machine's caches are left alone")
        .isZero();
    assertFigures(rows.getAsJsonObject("trees-make"), "cp-al", "hardlink");
    assertFigures(rows.getAsJsonObject("trees-remove"), "cp-al", "hardlink");
    assertFigures(rows.getAsJsonObject("trees-changed"), "hardlink");
    assertThat(json.getAsJsonArray("goals")).as("goals are for the full work set").isEmpty();
    assertThat(elements(report.chart())).containsKeys("rect", "text", "style");
  }

  @Test
  void run_whenAContenderCannot_goesOnWithTheOthers() throws Exception {
    Report report =
        benchmark(List.of("make-100"), List.of(), Map.of("broken", "echo it is broken; false"))
            .run();
    JsonObject json = JsonParser.parseString(report.json()).getAsJsonObject();
    assertThat(json.getAsJsonObject("absent").get("broken").getAsString()).contains("it is broken");
    assertThat(json.getAsJsonObject("contenders").keySet()).contains("fuse");
  }

  @Test
  void run_withoutRounds_makesTheWorkSet_andTheNextRunUsesIt() throws Exception {
    Path workSet = parent.toRealPath().resolve("work-set");
    List<String> rows = List.of("make-1k");
    Report made = benchmark(plan(workSet, 0, rows, List.of(), Map.of())).run();
    assertThat(JsonParser.parseString(made.json()).getAsJsonObject().getAsJsonArray("rows"))
        .isEmpty();
    assertThat(progress).anySatisfy(line -> assertThat(line).startsWith("making a tree"));
    progress.clear();
    Report measured = benchmark(plan(workSet, 1, rows, List.of("cp-al"), Map.of())).run();
    assertThat(measured.failures()).allSatisfy(BenchmarkTest::isOfOthers);
    assertThat(measured.text()).contains("make, tree known");
    assertThat(progress)
        .as("but for the tree of the trial, which is of no row")
        .filteredOn(line -> line.startsWith("making"))
        .containsExactly("making a tree of 10 files");
  }

  @Test
  void run_whenASignalHasCome_leavesNothing() {
    interruption.signal(Signals.TERM);
    assertThatThrownBy(() -> benchmark(ROWS, List.of(), Map.of()).run())
        .isInstanceOf(StoppedException.class);
  }

  @Test
  void run_withUnknownNames_saysWhichThereAre() {
    assertThatThrownBy(() -> benchmark(List.of("nothing"), List.of(), Map.of()).run())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("compile-warm");
    assertThatThrownBy(() -> benchmark(ROWS, List.of("nobody"), Map.of()).run())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cp-al");
  }

  private Benchmark benchmark(
      List<String> rows, List<String> contenders, Map<String, String> commands) {
    return benchmark(plan(null, 1, rows, contenders, commands));
  }

  private Benchmark benchmark(Plan plan) {
    return new Benchmark(plan, Posix.load(), interruption, progress::add);
  }

  private Plan plan(
      @Nullable Path workSet,
      int rounds,
      List<String> rows,
      List<String> contenders,
      Map<String, String> commands) {
    return new Plan(
        folder,
        workSet,
        0.001,
        rounds,
        false,
        rows,
        contenders,
        List.of("overlay", "fuse", "hardlink"),
        commands,
        BenchmarkTest::server);
  }

  private static List<String> server(String strategy, Path store, Path scratch) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "-cp",
        System.getProperty("java.class.path"),
        Main.class.getName(),
        "bench-serve",
        strategy,
        store.toString(),
        scratch.toString());
  }

  /** A contender of the user's: a copy, as tar makes it. */
  private String tar() throws IOException {
    Path script = parent.resolve("tar.sh");
    Files.writeString(
        script,
        """
        case $1 in
          make) tar -C "$2" -cf - . | tar -C "$3" -xf - ;;
          remove) find "$3" -mindepth 1 -delete ;;
        esac
        """);
    return "sh " + script;
  }

  /** What other programs on this machine do is no failure of the benchmark. */
  private static void isOfOthers(String failure) {
    assertThat(failure).startsWith("another program dropped the kernel's caches");
  }

  private static void assertFigures(JsonObject row, String... contenders) {
    JsonObject figures = row.getAsJsonObject("contenders");
    assertThat(figures.keySet()).contains(contenders);
    for (String name : contenders) {
      JsonObject figure = figures.getAsJsonObject(name);
      assertThat(figure.get("n").getAsInt()).isEqualTo(1);
      assertThat(figure.getAsJsonArray("values")).hasSize(1);
      assertThat(figure.get("median").getAsDouble())
          .isBetween(figure.get("min").getAsDouble(), figure.get("max").getAsDouble());
    }
  }

  private static JsonObject requests(JsonObject contenders, String name) {
    return contenders.getAsJsonObject(name).getAsJsonObject("requests");
  }

  /** How many elements of each name are in a document, which has to be well-formed. */
  private static Map<String, Integer> elements(String xml) throws Exception {
    var nodes =
        DocumentBuilderFactory.newDefaultInstance()
            .newDocumentBuilder()
            .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)))
            .getElementsByTagName("*");
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < nodes.getLength(); i++) {
      counts.merge(nodes.item(i).getNodeName(), 1, Integer::sum);
    }
    return counts;
  }

  private static boolean hasCompiler() {
    try {
      return !Probe.compiler().isEmpty();
    } catch (IOException e) {
      return false;
    }
  }
}
