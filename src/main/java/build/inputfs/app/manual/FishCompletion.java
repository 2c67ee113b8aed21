package build.inputfs.app.manual;

import java.util.List;

/** Completion for fish. Stateless. */
final class FishCompletion {
  private FishCompletion() {}

  static String of(List<Completed> commands) {
    StringBuilder script =
        new StringBuilder(
            """
            # Completion of inputfs for fish, made from the program's own definitions.

            # Whether the command is this one, and its own options and arguments are asked for.
            function __inputfs_is
                set -l words (commandline -opc)
                test (count $words) -gt 1; and test "$words[2]" = $argv[1]; and not contains -- -- $words
            end

            # Whether the command is this one, and a program and its arguments are asked for.
            function __inputfs_runs
                set -l words (commandline -opc)
                test (count $words) -gt 1; and test "$words[2]" = $argv[1]; and contains -- -- $words
            end

            function __inputfs_program
                set -l words (commandline -opc)
                __fish_complete_subcommand --fcs-skip=(contains -i -- -- $words)
            end

            complete -c inputfs -f
            complete -c inputfs -n __fish_use_subcommand -l help -d 'List the commands'
            complete -c inputfs -n __fish_use_subcommand -l version -d 'Print the version'
            """);
    for (Completed command : commands) {
      script.append("complete -c inputfs -n __fish_use_subcommand -a ").append(command.name());
      script.append(" -d ").append(quoted(command.purpose())).append('\n');
      String start = "complete -c inputfs -n '__inputfs_is " + command.name() + "'";
      for (Completed.Option option : command.options()) {
        script.append(start);
        for (String name : option.names()) {
          script.append(name.startsWith("--") ? " -l " : " -s ").append(name.replaceAll("^-+", ""));
        }
        if (option.takesValue()) {
          script.append(" -r").append(action(option.value().value()));
        }
        script.append(" -d ").append(quoted(option.purpose())).append('\n');
      }
      for (Completed.Operand operand : command.operands()) {
        if (operand.value() instanceof Completed.Program) {
          script.append("complete -c inputfs -n '__inputfs_runs ").append(command.name());
          script.append("' -a '(__inputfs_program)'\n");
        } else if (!(operand.value() instanceof Completed.Other)) {
          script.append(start).append(action(operand.value())).append('\n');
        }
      }
    }
    return script.toString();
  }

  private static String action(Completed.Value value) {
    return switch (value) {
      case Completed.Words words -> " -f -a " + quoted(String.join(" ", words.words()));
      case Completed.Directory() -> " -f -a '(__fish_complete_directories)'";
      case Completed.File() -> " -F";
      case Completed.Program(), Completed.Other() -> " -f";
    };
  }

  private static String quoted(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }
}
