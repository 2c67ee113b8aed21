package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code inputfs cas verify} as somebody sees it who waits for it. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
final class VerifyTest {
  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void verify_onATerminal_tellsHowMuchIsDone() {
    Machine.needProgram("script");
    Trees.mixed().putInto(bench.store());
    String verify =
        String.join(" ", bench.command("cas", "verify", "--cas", "" + bench.store().folder()));
    Outcome outcome =
        Child.run(
                bench.folder(),
                Duration.ofMinutes(2),
                bench.programEnvironment(),
                List.of("script", "-qec", verify, "/dev/null"))
            .ok();
    assertThat(outcome.out())
        .containsPattern("checking: \\d+ %, .* files")
        .contains("all is right");
  }
}
