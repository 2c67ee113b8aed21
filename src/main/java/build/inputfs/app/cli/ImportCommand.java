package build.inputfs.app.cli;

import build.inputfs.app.run.Interruption;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.KeptProperty;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs import}: a directory of the disk becomes a tree of the store. */
final class ImportCommand implements Subcommand {
  private static final String KEEP_MODES = "--keep-modes";
  private static final String KEEP_TIMES = "--keep-times";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs import DIR [OPTION...]")
        .description(
            "Puts a directory in the store and prints the digest of its root, hash/size.",
            "",
            "Symlinks stay symlinks. A file is executable when its owner may execute it; no other"
                + " attribute is kept unless asked for. A directory that holds a socket, a FIFO, a"
                + " device or a name that is not UTF-8 is refused. On a terminal, progress is"
                + " shown.",
            "");
    spec.addPositional(Options.argument(0, true, "DIR", "The directory."));
    Options.addCas(spec, "It is made when it does not exist.");
    spec.addOption(Options.flag(KEEP_MODES, "Keep the permission bits of files and directories."));
    spec.addOption(Options.flag(KEEP_TIMES, "Keep modification times."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Path directory = Path.of(Options.required(arguments, 0));
    Set<KeptProperty> kept = EnumSet.noneOf(KeptProperty.class);
    if (Options.has(arguments, KEEP_MODES)) {
      kept.add(KeptProperty.UNIX_MODE);
    }
    if (Options.has(arguments, KEEP_TIMES)) {
      kept.add(KeptProperty.MTIME);
    }
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    try (Stores stores = context.stores(posix)) {
      LocalStore store = stores.open(arguments, StoreAccess.AUTOMATIC);
      if (!store.isWritable()) {
        throw new IOException(
            "the store in " + store.root() + " cannot be written: give another with --cas");
      }
      Digest root = new Import(posix, interruption, context.console()).run(store, directory, kept);
      context.console().out().println(root);
    }
    return OK;
  }
}
