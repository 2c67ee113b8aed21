package build.inputfs.app.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The quick parser against the full one. */
final class QuickArgumentsTest {
  private static final long SEED = Long.getLong("inputfs.seed", 11);
  private static final List<String> PIECES =
      List.of(
          "--inputs",
          "--inputs",
          "--root",
          "--root=ab/1",
          "--output",
          "--output=a",
          "a/b",
          "x",
          "--env",
          "A=b",
          "--env=C=d e",
          "--clean-env",
          "--working-directory",
          "--timeout",
          "5",
          "--cas",
          "--cas=/s",
          "--strategy",
          "copy",
          "--json",
          "--verbose",
          "--daemon",
          "-h",
          "--no-daemon",
          "--",
          "--",
          "--",
          "-x",
          "",
          "@f",
          "--scratch",
          "true",
          "--action=1/2",
          "--read-only-cas",
          "--scratch-limit=1M");

  @Test
  void parse_understandsAsTheFullParserOrNotAtAll() {
    Random random = new Random(SEED);
    int understood = 0;
    for (int round = 0; round < 20_000; round++) {
      List<String> arguments = new ArrayList<>();
      for (int i = random.nextInt(9); i >= 0; i--) {
        arguments.add(PIECES.get(random.nextInt(PIECES.size())));
      }
      QuickArguments.Parsed quick = QuickArguments.parse(arguments);
      if (quick != null) {
        understood++;
        assertThat(quick).as("seed %d, %s", SEED, arguments).isEqualTo(full(arguments));
      }
    }
    assertThat(understood).isGreaterThan(100);
  }

  @Test
  void parse_ofAUsualCommand_understandsIt() {
    List<String> usual =
        List.of("--root", "ab/1", "--cas", "/s", "--output", "a", "b/c", "--", "sh", "-c", "x --y");
    QuickArguments.Parsed quick = QuickArguments.parse(usual);
    assertThat(quick).isNotNull().isEqualTo(full(usual));
  }

  private static QuickArguments.Parsed full(List<String> arguments) {
    RunCommand command = new RunCommand();
    CommandLine line = new CommandLine(Command.describe("run", command)).setStopAtPositional(true);
    try {
      ParseResult parsed = line.parseArgs(arguments.toArray(String[]::new));
      assertThat(parsed.isUsageHelpRequested()).isFalse();
      for (String option : RunCommand.NOT_FOR_DAEMONS) {
        assertThat(parsed.hasMatchedOption(option)).as(option).isFalse();
      }
      return new QuickArguments.Parsed(
          RunCommand.arguments(parsed),
          Options.has(parsed, Options.DAEMON),
          Options.has(parsed, Options.NO_DAEMON));
    } catch (ParameterException e) {
      throw new AssertionError("the full parser refuses " + arguments, e);
    }
  }
}
