package build.inputfs.app.manual;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Help;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.Model.UsageMessageSpec;

/** The manual page of one command. Stateless. */
final class ManualPage {
  private static final String EXIT_CODES = "Exit codes: ";

  private ManualPage() {}

  /**
   * @param program the program and its version
   * @param exitCodes what exit codes mean where a command does not say
   */
  static String of(Described command, String program, String exitCodes) {
    CommandSpec spec = command.spec();
    UsageMessageSpec usage = spec.usageMessage();
    Roff roff = new Roff(command.page().toUpperCase(Locale.ROOT), program);
    roff.name(command.page(), command.purpose());
    roff.section("SYNOPSIS");
    roff.synopsis(synopsis(spec));
    roff.section("DESCRIPTION");
    roff.blocks(Block.of(usage.description()));

    List<Block> notes = new ArrayList<>();
    String codes = exitCodes;
    for (Block block : Block.of(usage.footer())) {
      if (block instanceof Block.Paragraph(String text) && text.startsWith(EXIT_CODES)) {
        codes = text.substring(EXIT_CODES.length());
      } else {
        notes.add(block);
      }
    }

    roff.section("OPTIONS");
    for (PositionalParamSpec argument : spec.positionalParameters()) {
      if (!argument.hidden()) {
        roff.term(Roff.usage(argument.paramLabel()), description(argument));
      }
    }
    for (OptionSpec option : spec.options()) {
      if (!option.hidden()) {
        roff.term(option(option), description(option));
      }
    }
    if (!notes.isEmpty()) {
      roff.section("NOTES");
      roff.blocks(notes);
    }
    roff.section("EXIT STATUS");
    roff.paragraph(Character.toUpperCase(codes.charAt(0)) + codes.substring(1));
    roff.section("SEE ALSO");
    roff.line(Roff.reference("inputfs", 1) + ", for the environment, files and digests");
    return roff.toString();
  }

  /** Whatever a command says of its use; what is made up for those that say nothing. */
  static List<String> synopsis(CommandSpec spec) {
    String[] custom = spec.usageMessage().customSynopsis();
    if (custom.length > 0) {
      return List.of(custom);
    }
    Help help = new Help(spec, Help.defaultColorScheme(Ansi.OFF));
    return help.synopsis(0).lines().toList();
  }

  private static String option(OptionSpec option) {
    List<String> names = new ArrayList<>();
    for (String name : option.names()) {
      names.add(Roff.bold(name));
    }
    names.sort(Comparator.comparingInt(String::length));
    String label =
        option.arity().max() == 0
            ? ""
            : "=" + option.paramLabel() + (option.arity().max() > 1 ? "..." : "");
    return String.join(", ", names) + Roff.usage(label);
  }

  private static String description(ArgSpec argument) {
    StringBuilder text = new StringBuilder();
    for (String line : argument.description()) {
      text.append(text.isEmpty() ? "" : " ").append(Block.plain(line).strip());
    }
    return text.toString();
  }
}
