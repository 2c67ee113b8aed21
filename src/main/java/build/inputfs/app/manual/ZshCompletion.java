package build.inputfs.app.manual;

import java.util.ArrayList;
import java.util.List;

/** Completion for zsh, by its function {@code _arguments}. Stateless. */
final class ZshCompletion {
  private ZshCompletion() {}

  static String of(List<Completed> commands) {
    StringBuilder script =
        new StringBuilder(
            """
            #compdef inputfs
            # Completion of inputfs for zsh, made from the program's own definitions.

            _inputfs() {
              local -a subcommands=(
            """);
    for (Completed command : commands) {
      String entry = command.name() + ":" + command.purpose();
      script.append("    ").append(quoted(entry)).append('\n');
    }
    script.append(
        """
          )
          if ((CURRENT == 2)); then
            _describe -t commands command subcommands
            _arguments '--help[list the commands]' '--version[print the version]'
            return
          fi
          local subcommand=$words[2]
          shift words
          ((CURRENT--))
          case $subcommand in
            help) _describe -t commands command subcommands ;;
        """);
    for (Completed command : commands) {
      script.append("    ").append(command.name()).append(")\n      _arguments -S");
      for (String specification : specifications(command)) {
        script.append(" \\\n        ").append(quoted(specification));
      }
      script.append("\n      ;;\n");
    }
    return script.append("  esac\n}\n\n_inputfs \"$@\"\n").toString();
  }

  private static List<String> specifications(Completed command) {
    List<String> all = new ArrayList<>();
    for (Completed.Option option : command.options()) {
      for (String name : option.names()) {
        String takes = !option.takesValue() ? "" : name.startsWith("--") ? "=" : "+";
        String value = option.takesValue() ? ":" + message(option.value()) : "";
        String purpose = option.purpose().replaceAll("([\\[\\]\\\\])", "\\\\$1");
        all.add((option.repeats() ? "*" : "") + name + takes + "[" + purpose + "]" + value);
      }
    }
    int last = command.operands().size() - 1;
    for (int i = 0; i <= last; i++) {
      Completed.Operand operand = command.operands().get(i);
      String place =
          operand.value() instanceof Completed.Program
              ? "*::"
              : command.repeats() && i == last ? "*:" : (i + 1) + ":";
      all.add(place + message(operand));
    }
    return all;
  }

  private static String message(Completed.Operand operand) {
    String action =
        switch (operand.value()) {
          case Completed.Words words -> "(" + String.join(" ", words.words()) + ")";
          case Completed.Directory() -> "_directories";
          case Completed.File() -> "_files";
          case Completed.Program() -> "_normal";
          case Completed.Other() -> " ";
        };
    return operand.label().replace(":", "\\:") + ":" + action;
  }

  private static String quoted(String text) {
    return "'" + text.replace("'", "'\\''") + "'";
  }
}
