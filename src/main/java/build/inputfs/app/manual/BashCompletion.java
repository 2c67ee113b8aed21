package build.inputfs.app.manual;

import java.util.List;
import java.util.StringJoiner;
import java.util.stream.Collectors;

/** Completion for bash, with or without the package bash-completion. Stateless. */
final class BashCompletion {
  private static final String BEFORE =
      """
      # Completion of inputfs for bash, made from the program's own definitions.

      _inputfs_words() {
        mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
      }

      _inputfs_files() {
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
      }

      # A program and its arguments, from word $1 on.
      _inputfs_program() {
        if declare -F _command_offset >/dev/null; then
          _command_offset "$1"
        elif ((COMP_CWORD == $1)); then
          mapfile -t COMPREPLY < <(compgen -c -- "$current")
        else
          _inputfs_files -f
        fi
      }

      _inputfs() {
        local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
        local command=${COMP_WORDS[1]} i operands=0
        COMPREPLY=()
        # `--option=value` comes in three words.
        if [[ $current == '=' ]]; then
          current=
        elif [[ $previous == '=' ]]; then
          previous=${COMP_WORDS[COMP_CWORD - 2]}
        fi
      """;

  private BashCompletion() {}

  static String of(List<Completed> commands) {
    String names = commands.stream().map(Completed::name).collect(Collectors.joining(" "));
    return BEFORE
        + """
          if ((COMP_CWORD == 1)); then
            _inputfs_words '%1$s help --help --version'
            return
          fi
          for ((i = 2; i < COMP_CWORD; i++)); do
            case $command:${COMP_WORDS[i]} in
        %2$s      *:-*) ;;
        %3$s      *) ((operands++)) ;;
            esac
          done
          case $command:$previous in
            help:*) _inputfs_words '%1$s'; return ;;
        %4$s  esac
          case $command:$current in
        %5$s  esac
          case $command:$operands in
        %6$s  esac
        }

        complete -F _inputfs inputfs
        """
            .formatted(
                names,
                skipped(commands),
                programs(commands),
                values(commands),
                options(commands),
                operands(commands));
  }

  /** Goes past options with their values, and up to where a program's own arguments begin. */
  private static String skipped(List<Completed> commands) {
    StringBuilder cases = new StringBuilder();
    StringJoiner withValue = new StringJoiner(" | ");
    for (Completed command : commands) {
      if (runsProgram(command)) {
        cases.append("      ").append(command.name());
        cases.append(":--) _inputfs_program $((i + 1)); return ;;\n");
      }
      command.options().stream()
          .filter(Completed.Option::takesValue)
          .forEach(option -> withValue.add(patterns(command, option)));
    }
    return cases
        + """
              %s)
                [[ ${COMP_WORDS[i + 1]} != '=' ]] || ((i++))
                ((i++))
                ;;
        """
            .formatted(withValue);
  }

  private static String programs(List<Completed> commands) {
    return commands.stream()
        .filter(BashCompletion::runsProgram)
        .map(command -> "      %s:*) _inputfs_program $i; return ;;\n".formatted(command.name()))
        .collect(Collectors.joining());
  }

  private static String values(List<Completed> commands) {
    StringBuilder cases = new StringBuilder();
    for (Completed command : commands) {
      for (Completed.Option option : command.options()) {
        if (option.takesValue()) {
          String action = action(option.value().value());
          cases.append("    ").append(patterns(command, option)).append(") ");
          cases.append(action).append(action.isEmpty() ? "" : "; ").append("return ;;\n");
        }
      }
    }
    return cases.toString();
  }

  private static String options(List<Completed> commands) {
    StringBuilder cases = new StringBuilder();
    for (Completed command : commands) {
      StringJoiner names = new StringJoiner(" ");
      command.options().forEach(option -> option.names().forEach(names::add));
      cases.append("    %s:-*) _inputfs_words '%s'; return ;;\n".formatted(command.name(), names));
    }
    return cases.toString();
  }

  private static String operands(List<Completed> commands) {
    StringBuilder cases = new StringBuilder();
    for (Completed command : commands) {
      int last = command.operands().size() - 1;
      for (int i = 0; i <= last; i++) {
        String action = action(command.operands().get(i).value());
        String index = command.repeats() && i == last ? "*" : Integer.toString(i);
        if (!action.isEmpty()) {
          cases.append("    %s:%s) %s ;;\n".formatted(command.name(), index, action));
        }
      }
    }
    return cases.toString();
  }

  private static String patterns(Completed command, Completed.Option option) {
    return option.names().stream()
        .map(name -> command.name() + ":" + name)
        .collect(Collectors.joining(" | "));
  }

  private static boolean runsProgram(Completed command) {
    return command.operands().stream()
        .anyMatch(operand -> operand.value() instanceof Completed.Program);
  }

  private static String action(Completed.Value value) {
    return switch (value) {
      case Completed.Words words -> "_inputfs_words '" + String.join(" ", words.words()) + "'";
      case Completed.Directory() -> "_inputfs_files -d";
      case Completed.File() -> "_inputfs_files -f";
      case Completed.Program() -> "_inputfs_program $COMP_CWORD";
      case Completed.Other() -> "";
    };
  }
}
