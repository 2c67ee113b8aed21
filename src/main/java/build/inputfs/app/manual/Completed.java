package build.inputfs.app.manual;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * A command as a shell completes it.
 *
 * @param name how it is called on the command line
 * @param purpose what it does, in half a sentence
 * @param options its options
 * @param operands its arguments; the last of them stands for all that follow if {@code repeats}
 */
record Completed(
    String name, String purpose, List<Option> options, List<Operand> operands, boolean repeats) {
  /** What can be put somewhere. */
  sealed interface Value {}

  /** One of some words. */
  record Words(List<String> words) implements Value {}

  /** A directory of the disk. */
  record Directory() implements Value {}

  /** A file of the disk. */
  record File() implements Value {}

  /** A program and its arguments: all that follows. */
  record Program() implements Value {}

  /** Something that a shell knows nothing of. */
  record Other() implements Value {}

  /**
   * An option.
   *
   * @param purpose the first sentence that is said of it
   * @param takesValue whether a value follows
   * @param value what that can be
   */
  record Option(
      List<String> names, String purpose, boolean takesValue, boolean repeats, Operand value) {}

  /**
   * A value, by what the help calls it.
   *
   * @param label its name
   */
  record Operand(String label, Value value) {}

  static Completed of(Described command) {
    List<Option> options = new ArrayList<>();
    for (OptionSpec option : command.spec().options()) {
      if (!option.hidden()) {
        options.add(
            new Option(
                List.of(option.names()),
                firstSentence(option),
                option.arity().max() > 0,
                option.isMultiValue(),
                operand(option, List.of())));
      }
    }
    List<Operand> operands = new ArrayList<>();
    boolean repeats = false;
    for (PositionalParamSpec argument : command.spec().positionalParameters()) {
      List<String> words = operands.isEmpty() ? alternatives(command) : List.of();
      operands.add(operand(argument, words));
      repeats |= argument.isMultiValue();
    }
    return new Completed(command.name(), command.purpose(), options, operands, repeats);
  }

  private static Operand operand(ArgSpec argument, List<String> words) {
    Iterable<String> candidates = argument.completionCandidates();
    List<String> all =
        candidates == null ? words : StreamSupport.stream(candidates.spliterator(), false).toList();
    String label = argument.paramLabel().replaceAll("[\\[\\].]", "");
    Value value =
        !all.isEmpty()
            ? new Words(all)
            : switch (label) {
              case "DIR", "MOUNTPOINT" -> new Directory();
              case "FILE" -> new File();
              case "COMMAND" -> new Program();
              default -> new Other();
            };
    return new Operand(label, value);
  }

  /** What a synopsis offers after the command's name, as in {@code inputfs cache stat|clear}. */
  private static List<String> alternatives(Described command) {
    return ManualPage.synopsis(command.spec()).stream()
        .map(line -> line.strip().split(" ", -1))
        .filter(words -> words.length > 2 && words[2].matches("[a-z]+(-[a-z]+)*(\\|[a-z-]+)+"))
        .flatMap(words -> Stream.of(words[2].split("\\|", -1)))
        .toList();
  }

  private static String firstSentence(OptionSpec option) {
    String text = Block.plain(String.join(" ", option.description())).strip();
    int end = text.indexOf(". ");
    String sentence = end < 0 ? text : text.substring(0, end);
    return sentence.endsWith(".") ? sentence.substring(0, sentence.length() - 1) : sentence;
  }
}
