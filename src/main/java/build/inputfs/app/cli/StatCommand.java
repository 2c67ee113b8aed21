package build.inputfs.app.cli;

import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeEntry;
import build.inputfs.cas.tree.TreeSummary;
import java.io.IOException;
import java.io.PrintStream;
import java.util.Locale;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs stat}: all about one entry of a tree. */
final class StatCommand implements Subcommand {

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs stat ROOT [PATH] [OPTION...]")
        .description("Tells about one entry of a tree that is in the store, as in a view.", "");
    Place.describe(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    PrintStream out = context.console().out();
    return Place.use(
        arguments,
        context,
        place -> {
          TreeEntry entry = place.entry();
          String kind = entry.kind().name().toLowerCase(Locale.ROOT);
          row(out, "kind", entry.executable() ? "executable file" : kind);
          if (entry.digest() != null) {
            row(out, "digest", entry.digest().toString());
          }
          row(out, "size", entry.size() + " bytes");
          row(out, "mode", "%04o".formatted(Place.mode(entry)));
          row(out, "mtime", Place.mtime(entry).toString());
          if (entry.kind() == Kind.SYMLINK) {
            row(out, "target", String.valueOf(entry.target()));
          }
          if (Place.isDirectory(entry)) {
            TreeSummary below = place.trees().summarize(Place.digest(entry));
            row(
                out,
                "below",
                "%s (%s), %s, %s"
                    .formatted(
                        Text.count(below.files(), "file", "files"),
                        Text.bytes(below.bytes()),
                        Text.count(below.directories() - 1, "directory", "directories"),
                        Text.count(below.symlinks(), "symlink", "symlinks")));
          }
          return OK;
        });
  }

  private static void row(PrintStream out, String name, String value) {
    out.printf("%-7s %s%n", name, value);
  }
}
