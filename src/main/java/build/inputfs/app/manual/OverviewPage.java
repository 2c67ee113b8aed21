package build.inputfs.app.manual;

import java.util.List;

/** The manual page of the program: inputfs(1). Stateless. */
final class OverviewPage {
  private static final List<Block.Term> ENVIRONMENT =
      List.of(
          new Block.Term(
              "JAVA_HOME",
              "The Java to run on, when it is 25 or later; else the usual folders and the PATH are"
                  + " searched for one."),
          new Block.Term("INPUTFS_JAVA_OPTS", "More options for java, separated by blanks."),
          new Block.Term(
              "INPUTFS_AOT",
              "A folder for the cache from which the program starts faster, in place of the"
                  + " user's; `never` for none."),
          new Block.Term(
              "INPUTFS_NAMESPACE",
              "With `never`, `run` and `replay` get no user and mount namespace of their own where"
                  + " the user may not mount."),
          new Block.Term(
              "INPUTFS_CONFIG",
              "The configuration file; --config comes first. Empty for none at all."),
          new Block.Term("INPUTFS_SOCKET", "The socket of the daemon; --socket comes first."),
          new Block.Term(
              "INPUTFS_DAEMON",
              "Whether a daemon is used: never, auto, require, or start, which starts one where none"
                  + " listens."),
          new Block.Term(
              "XDG_CACHE_HOME",
              "The folder of the default store and of all else that is kept, by default ~/.cache."),
          new Block.Term("XDG_RUNTIME_DIR", "The folder of the daemon's socket."),
          new Block.Term("TMPDIR", "Where `run` and `replay` make their views, by default /tmp."));

  private static final List<Block.Term> FILES =
      List.of(
          new Block.Term(
              "~/.config/inputfs/inputfs.toml, /etc/inputfs/inputfs.toml",
              "The configuration: the first that exists. `inputfs config` prints all settings."),
          new Block.Term("~/.cache/inputfs", "The default store: `cas`, `ac` and `inputfs`."),
          new Block.Term("~/.cache/inputfs/scratch", "What is written in views, until they end."),
          new Block.Term(
              "~/.cache/inputfs/aot",
              "Made at the first use of each version, for starts in a fraction of the time. It may"
                  + " be deleted at any time."),
          new Block.Term(
              "/var/cache/inputfs/aot",
              "The same for all users, made when a package is installed."),
          new Block.Term(
              "$XDG_RUNTIME_DIR/inputfs/daemon.sock, /run/inputfs/daemon.sock",
              "The daemon's socket: a user's, and root's."));

  private OverviewPage() {}

  /** The page. The parameters are as {@link Documents} has them. */
  static String of(Overview overview, List<Described> commands) {
    Roff roff = new Roff("INPUTFS", overview.program());
    roff.name("inputfs", overview.purpose());
    roff.section("SYNOPSIS");
    roff.synopsis(List.of("inputfs COMMAND [OPTION...] [ARGUMENT...]"));
    roff.section("DESCRIPTION");
    roff.paragraph(overview.description());
    roff.paragraph(overview.roots());
    roff.section("COMMANDS");
    for (Described command : commands) {
      roff.term(Roff.reference(command.page(), 1), sentence(command.purpose()));
    }
    roff.section("OPTIONS");
    roff.term(Roff.bold("--help"), "List the commands; after a command, tell about that.");
    roff.term(Roff.bold("--version"), "Print the version.");
    roff.section("EXIT STATUS");
    roff.paragraph(overview.exitCodes());
    roff.section("ENVIRONMENT");
    roff.blocks(List.copyOf(ENVIRONMENT));
    roff.section("FILES");
    roff.blocks(List.copyOf(FILES));
    roff.section("SEE ALSO");
    for (Described command : commands) {
      roff.line(Roff.reference(command.page(), 1) + ",");
    }
    roff.line(Roff.reference("fusermount3", 1) + ",");
    roff.line(Roff.reference("user_namespaces", 7));
    return roff.toString();
  }

  private static String sentence(String purpose) {
    return Character.toUpperCase(purpose.charAt(0)) + purpose.substring(1) + ".";
  }
}
