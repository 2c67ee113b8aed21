package build.inputfs.app.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Reads the arguments of {@code inputfs run} in a hundredth of the time that the full parser takes
 * to be made. It knows those that a daemon can serve, and leaves all that it does not know, or that
 * looks wrong, to the full parser.
 */
final class QuickArguments {
  private static final Set<String> FLAGS =
      Set.of(
          RunCommand.CLEAN_ENV, Options.JSON, Options.VERBOSE, Options.DAEMON, Options.NO_DAEMON);

  private static final Set<String> VALUES =
      Set.of(
          RunCommand.INPUTS,
          RunCommand.ROOT,
          RunCommand.WORKING_DIRECTORY,
          RunCommand.TIMEOUT,
          Options.CAS,
          Options.STRATEGY);

  private final Set<String> flags = new java.util.HashSet<>();
  private final Map<String, String> values = new HashMap<>();
  private final List<String> outputs = new ArrayList<>();
  private final List<String> assignments = new ArrayList<>();
  private List<String> command = List.of();

  private QuickArguments() {}

  /** The arguments, and what they say of a daemon. */
  record Parsed(RunArguments run, boolean daemon, boolean noDaemon) {}

  /** What {@code arguments} say, which follow {@code run}; or null. */
  static @Nullable Parsed parse(List<String> arguments) {
    QuickArguments quick = new QuickArguments();
    for (String argument : arguments) {
      if (argument.startsWith("@")) {
        return null; // the full parser takes some for the names of files with arguments
      }
    }
    if (!quick.read(arguments)) {
      return null;
    }
    String store = quick.values.get(Options.CAS);
    RunArguments run =
        new RunArguments(
            quick.values.get(RunCommand.INPUTS),
            quick.values.get(RunCommand.ROOT),
            quick.outputs,
            quick.values.get(RunCommand.WORKING_DIRECTORY),
            quick.assignments,
            quick.flags.contains(RunCommand.CLEAN_ENV),
            quick.values.get(RunCommand.TIMEOUT),
            store == null ? null : Path.of(store),
            quick.values.get(Options.STRATEGY),
            quick.flags.contains(Options.JSON),
            quick.flags.contains(Options.VERBOSE),
            quick.command);
    boolean oneTree = (run.inputs() == null) != (run.root() == null);
    return oneTree && !quick.command.isEmpty()
        ? new Parsed(
            run, quick.flags.contains(Options.DAEMON), quick.flags.contains(Options.NO_DAEMON))
        : null;
  }

  private boolean read(List<String> arguments) {
    int at = 0;
    while (at < arguments.size()) {
      String argument = arguments.get(at++);
      if (argument.equals("--")) {
        command = arguments.subList(at, arguments.size());
        return true;
      }
      if (!argument.startsWith("-")) {
        command = arguments.subList(at - 1, arguments.size());
        return true;
      }
      if (FLAGS.contains(argument)) {
        if (!flags.add(argument)) {
          return false;
        }
      } else if (argument.equals(RunCommand.OUTPUT)) {
        int first = at;
        while (at < arguments.size() && !arguments.get(at).startsWith("-")) {
          outputs.add(arguments.get(at++));
        }
        if (at == first) {
          return false;
        }
      } else {
        int equals = argument.indexOf('=');
        String name = equals < 0 ? argument : argument.substring(0, equals);
        String value;
        if (equals >= 0) {
          value = argument.substring(equals + 1);
        } else if (at < arguments.size() && !arguments.get(at).startsWith("-")) {
          value = arguments.get(at++);
        } else {
          return false;
        }
        if (name.equals(RunCommand.ENV)) {
          assignments.add(value);
        } else if (!VALUES.contains(name) || values.put(name, value) != null) {
          return false;
        }
      }
    }
    return false;
  }
}
