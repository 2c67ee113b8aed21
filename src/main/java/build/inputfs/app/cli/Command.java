package build.inputfs.app.cli;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/**
 * The program's commands, in the order in which they are listed. From here come the help, the
 * manual pages and the completion of shells.
 */
enum Command {
  RUN("run", "run a command in a view of an input tree"),
  REPLAY("replay", "run recorded actions again and compare their results"),
  IMPORT("import", "put a directory in the store and print its root digest"),
  MOUNT("mount", "show a tree of the store as a directory"),
  UNMOUNT("unmount", "end what `mount` shows"),
  CONFIG("config", "print what is configured, and where"),
  DOCTOR("doctor", "tell which strategies work on this machine, and what was left"),
  REAP("reap", "remove what processes that were killed have left"),
  PREFETCH("prefetch", "fetch a tree from a remote"),
  PUSH("push", "send a tree to a remote"),
  MATERIALIZE("materialize", "make a real directory of a tree of the store"),
  CAS("cas", "tell about, check or shrink the store"),
  CACHE("cache", "tell about, check or empty the cache of real trees"),
  LS("ls", "list a directory of a tree"),
  TREE("tree", "list a tree"),
  CAT("cat", "print a file of a tree"),
  STAT("stat", "tell about one entry of a tree"),
  DAEMON("daemon", "serve views to other programs"),
  TOP("top", "show what the daemon does"),
  BENCH("bench", "measure views on this machine"),
  BENCH_SERVE(BenchServeCommand.NAME),
  DOCUMENTS(DocumentsCommand.NAME),
  DOCTOR_TRY(DoctorTryCommand.NAME);

  private final String label;
  private final @Nullable String purpose;

  Command(String label, String purpose) {
    this.label = label;
    this.purpose = purpose;
  }

  /** A command that the program gives itself, and that is not listed. */
  Command(String label) {
    this.label = label;
    this.purpose = null;
  }

  /** The commands for people. */
  static List<Command> listed() {
    return Stream.of(values()).filter(command -> command.purpose != null).toList();
  }

  /** The command of this name, or null when there is none. */
  static @Nullable Command named(String name) {
    for (Command command : values()) {
      if (command.label.equals(name)) {
        return command;
      }
    }
    return null;
  }

  /** How it is called on the command line. */
  String label() {
    return label;
  }

  /** What it does, in half a sentence; empty for what is not listed. */
  String purpose() {
    return purpose == null ? "" : purpose;
  }

  /** The command itself, whose class is loaded only now. */
  Subcommand make() {
    return switch (this) {
      case RUN -> new RunCommand();
      case REPLAY -> new ReplayCommand();
      case IMPORT -> new ImportCommand();
      case MOUNT -> new MountCommand();
      case UNMOUNT -> new UnmountCommand();
      case CONFIG -> new ConfigCommand();
      case DOCTOR -> new DoctorCommand();
      case REAP -> new ReapCommand();
      case PREFETCH -> new PrefetchCommand();
      case PUSH -> new PushCommand();
      case MATERIALIZE -> new MaterializeCommand();
      case CAS -> new CasCommand();
      case CACHE -> new CacheCommand();
      case LS -> new ListCommand();
      case TREE -> new TreeCommand();
      case CAT -> new CatCommand();
      case STAT -> new StatCommand();
      case DAEMON -> new DaemonCommand();
      case TOP -> new TopCommand();
      case BENCH -> new BenchCommand();
      case BENCH_SERVE -> new BenchServeCommand();
      case DOCUMENTS -> new DocumentsCommand();
      case DOCTOR_TRY -> new DoctorTryCommand();
    };
  }

  /** All that it says of itself. */
  static CommandSpec describe(String name, Subcommand command) {
    CommandSpec spec = CommandSpec.create().name("inputfs " + name);
    spec.usageMessage().width(100).sortOptions(false).abbreviateSynopsis(true);
    command.describe(spec);
    Options.addCommon(spec);
    return spec;
  }
}
