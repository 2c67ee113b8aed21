package build.inputfs.app.cli;

import build.inputfs.app.doctor.Leftover;
import build.inputfs.app.doctor.Leftovers;
import build.inputfs.app.doctor.Reaper;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.StoreFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs reap}: removes what processes that died have left. */
final class ReapCommand implements Subcommand {
  private static final String DRY_RUN = "--dry-run";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs reap [OPTION...]")
        .description(
            "Removes what processes of inputfs that were killed have left: mounts that nobody"
                + " serves, also from under processes that still use them, and folders. Never"
                + " touches what belongs to a process that lives. Prints a line for each; exit code"
                + " 1 when something could not be removed.",
            "");
    spec.addOption(Options.flag(DRY_RUN, "Remove nothing, and say what would be removed."));
    Options.addCas(spec, "Files in it that were not finished are removed too.");
    spec.addOption(
        Options.value(
            Options.SCRATCH,
            "DIR",
            "Look for what was left in this scratch folder and $TMPDIR alone (default: in scratch"
                + " in ~/.cache/inputfs, and wherever mounts are)."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Posix posix = Posix.load();
    List<Leftover> found = leftovers(arguments, context, posix).find();
    if (Options.has(arguments, DRY_RUN)) {
      for (Leftover leftover : found) {
        context.console().out().println(leftover.path() + ": " + leftover.what());
      }
      return OK;
    }
    Reaper reaper = new Reaper(posix, new ToConsole(context.console()));
    return reaper.reap(found) ? OK : NO;
  }

  private record ToConsole(Console console) implements Reaper.Log {
    @Override
    public void removed(String what) {
      console.out().println(what);
    }

    @Override
    public void failed(String what) {
      console.say(what);
    }
  }

  /** Where the options have leftovers looked for. */
  static Leftovers leftovers(ParseResult arguments, Context context, Posix posix)
      throws IOException {
    Path scratch = Options.path(arguments, Options.SCRATCH);
    Set<Path> folders = new LinkedHashSet<>();
    folders.add(scratch == null ? context.folders().scratch() : scratch);
    folders.add(context.folders().mountPoints());
    Path store = Stores.place(arguments, context.folders()).root();
    folders.add(store); // where doctors try what its disk can do
    return new Leftovers(posix, List.copyOf(folders), scratch == null, StoreFiles.in(store, posix));
  }
}
