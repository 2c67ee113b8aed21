package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.run.Environment;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.app.run.StoppedException;
import build.inputfs.cache.link.CacheFolder;
import build.inputfs.cas.digest.InvalidDigestException;
import java.io.IOException;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * The program's entry point: turns arguments into one command and ends with its exit code. Only the
 * command that was asked for is ever loaded.
 */
public final class Main {
  private Main() {}

  public static void main(String[] arguments) {
    StandardOutput results = new StandardOutput();
    Console console = Console.standard(results);
    System.exit(results.end(run(arguments, console), console));
  }

  private static int run(String[] arguments, Console console) {
    String first = arguments.length == 0 ? "" : arguments[0];
    return switch (first) {
      case "--version", "-V" -> {
        console.out().println("inputfs " + version());
        yield Subcommand.OK;
      }
      case "--help", "-h", "help" -> {
        if (arguments.length > 1) {
          yield run(new String[] {arguments[1], Options.HELP}, console);
        }
        console.out().print(Help.text());
        yield Subcommand.OK;
      }
      case "" -> {
        console.err().print(Help.text());
        yield Subcommand.USAGE;
      }
      default -> {
        Command command = Command.named(first);
        if (command == null) {
          console.say("there is no command '" + first + "'; inputfs --help lists them");
          yield Subcommand.USAGE;
        }
        String[] rest = Arrays.copyOfRange(arguments, 1, arguments.length);
        Folders folders = Folders.of(System.getenv());
        String namespace = System.getenv().getOrDefault(Environment.OWN_NAMESPACE, "");
        Strategies strategies = new RealStrategies(new CacheFolder(folders.trees()), namespace);
        Context context =
            new Context(console, folders, strategies, System.getenv(), Interruption::ofSignals);
        yield run(first, command.make(), rest, context);
      }
    };
  }

  /** Runs one command, whose failures become one line and an exit code. */
  static int run(String name, Subcommand command, String[] arguments, Context context) {
    Console console = context.console();
    CommandLine line =
        new CommandLine(Command.describe(name, command)).setStopAtPositional(name.equals("run"));
    ParseResult parsed;
    try {
      parsed = line.parseArgs(arguments);
      if (parsed.isUsageHelpRequested()) {
        line.usage(console.out());
        return Subcommand.OK;
      }
    } catch (ParameterException e) {
      return wrongUsage(name, e, console);
    }
    try {
      Configuration configuration =
          Configuration.read(Options.path(parsed, Options.CONFIG), context.environment());
      Options.fill(parsed, configuration);
      Logging.choose(parsed, name.equals("mount"));
      return command.run(parsed, context.configured(configuration));
    } catch (ParameterException e) {
      return wrongUsage(name, e, console);
    } catch (InvalidDigestException e) {
      return wrongUsage(name, e, console);
    } catch (StoppedException e) {
      return e.exitCode();
    } catch (IOException | RuntimeException e) {
      console.tell(e, Options.has(parsed, Options.VERBOSE));
      return Subcommand.FAILED;
    }
  }

  private static int wrongUsage(String name, RuntimeException e, Console console) {
    console.say(Problems.describe(e) + "; see inputfs " + name + " --help");
    return Subcommand.USAGE;
  }

  static String version() {
    String version = Main.class.getPackage().getImplementationVersion();
    return version == null ? "(not packaged)" : version;
  }
}
