package build.inputfs.app.cli;

import build.inputfs.app.manual.Described;
import build.inputfs.app.manual.Documents;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * {@code inputfs documents}: writes manual pages and completions, for the build that packs them.
 */
final class DocumentsCommand implements Subcommand {
  static final String NAME = "documents";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .description(
            "Writes this program's manual pages and shell completions below a folder such as"
                + " /usr/local/share.");
    spec.addPositional(Options.argument(0, true, "DIR", "The folder."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    write(Path.of(Options.required(arguments, 0)));
    return OK;
  }

  /** Writes them below a folder. */
  static void write(Path share) throws IOException {
    List<Described> commands =
        Command.listed().stream()
            .map(
                command ->
                    new Described(
                        command.label(),
                        command.purpose(),
                        Command.describe(command.label(), command.make())))
            .toList();
    Documents.write(Help.overview(Main.version()), commands, share);
  }
}
