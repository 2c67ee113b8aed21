package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.Workbench;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The transports that serve views of the strategy {@code fuse}, and what is said of them. */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class TransportTest {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @RegisterExtension final Workbench bench = new Workbench();

  private Outcome run(String javaOptions, String... options) {
    String root = new InputTree().file("in", "input").putInto(bench.store()).toString();
    List<String> arguments = new ArrayList<>(List.of("run", "--no-daemon", "--root", root));
    arguments.addAll(List.of("--cas", bench.store().folder().toString(), "--strategy", "fuse"));
    arguments.addAll(List.of(options));
    arguments.addAll(List.of("--output", "out", "--", "sh", "-c", "cat in > out; cat out"));
    Map<String, String> environment = new HashMap<>(bench.programEnvironment());
    environment.put("INPUTFS_JAVA_OPTS", javaOptions);
    return Child.run(
        bench.folder(), PATIENCE, environment, bench.command(arguments.toArray(String[]::new)));
  }

  @Test
  void jnr_whereJavaForbidsWhatItWillTakeAway_worksAndSaysNothing() {
    Machine.need(Strategy.FUSE_JNR);
    Outcome outcome =
        run(
            "--sun-misc-unsafe-memory-access=deny --illegal-native-access=deny",
            "--transport",
            "jnr");
    assertThat(outcome.ok().out()).startsWith("input");
    // What was collected, and nothing else.
    assertThat(outcome.err()).matches("out +[0-9a-f]{64}/5\n");
  }

  @Test
  void verbose_saysWhichTransportItIs() {
    Machine.need(Strategy.FUSE_JNR);
    assertThat(run("", "--transport", "jnr", "--verbose").ok().err()).contains("jnr transport");
    assertThat(run("", "--transport", "kernel", "--verbose").ok().err())
        .contains("kernel transport");
    assertThat(run("", "--verbose").ok().err())
        .contains("transport kernel: the first choice, and it works");
  }

  @Test
  void transport_thatThereIsNot_isRefused() {
    Outcome outcome = run("", "--transport", "pigeon");
    assertThat(outcome.exit()).isNotZero();
    assertThat(outcome.err())
        .contains("there is no transport 'pigeon': --transport takes auto, kernel, jnr");
  }
}
