package build.inputfs.app.cli;

import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeEntry;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs ls}: what is in a directory of a tree. */
final class ListCommand implements Subcommand {
  private static final String LONG = "-l";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs ls ROOT [PATH] [OPTION...]")
        .description(
            "Lists a directory of a tree that is in the store, or names a single entry.", "");
    Place.describe(spec);
    spec.addOption(
        OptionSpec.builder(LONG, "--long")
            .arity("0")
            .type(boolean.class)
            .description("Print mode, size, time and symlink targets too, as in a view.")
            .build());
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    boolean all = Options.has(arguments, LONG);
    PrintStream out = context.console().out();
    return Place.use(
        arguments,
        context,
        place -> {
          TreeEntry entry = place.entry();
          if (!Place.isDirectory(entry)) {
            print(out, all, new Place.Child(place.path(), entry));
          } else if (all) {
            List<Place.Child> children = place.children(Place.digest(entry));
            children.forEach(child -> print(out, true, child));
          } else {
            place.names(Place.digest(entry)).forEach(out::println);
          }
          return OK;
        });
  }

  private static void print(PrintStream out, boolean all, Place.Child child) {
    TreeEntry entry = child.entry();
    if (!all) {
      out.println(child.name());
      return;
    }
    out.printf(
        "%s %10d %s %s%s%n",
        Text.mode(entry.kind(), Place.mode(entry)),
        entry.size(),
        Text.time(Place.mtime(entry)),
        child.name(),
        entry.kind() == Kind.SYMLINK ? " -> " + entry.target() : "");
  }
}
