package build.inputfs.app.cli;

import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.fetch.FetchedTree;
import build.inputfs.cas.fetch.FetchingSource;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs prefetch}: all of a tree that the store lacks comes from the remote. */
final class PrefetchCommand implements Subcommand {
  private static final int MOST_FAILURES = 10;

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs prefetch ROOT [OPTION...]")
        .description(
            "Fetches all of a tree that the store lacks from a remote, and keeps it in the store."
                + " Prints how much the tree has, and how much of it came.",
            "");
    spec.addPositional(Options.argument(0, true, "ROOT", "The digest of the tree's root."));
    Options.addCas(spec, "It is made when it does not exist.");
    Options.addRemote(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    String root = Options.required(arguments, 0);
    Interruption interruption = context.signals().get();
    try (Stores stores = context.stores(Posix.load())) {
      Blobs blobs = stores.blobs(arguments, StoreAccess.AUTOMATIC);
      FetchingSource fetching = blobs.fetching();
      if (fetching == null) {
        throw Options.usage(arguments, "give a remote with " + Options.REMOTE);
      }
      Digest digest = blobs.store().resolve(root);
      FetchedTree tree;
      try (Lease _ = blobs.store().keepNew()) {
        tree = interruption.interruptibly(() -> fetching.fetchTree(digest));
      }
      tree.failures().stream()
          .limit(MOST_FAILURES)
          .forEach(failure -> context.console().say(Problems.describe(failure)));
      if (!tree.failures().isEmpty()) {
        context.console().say("not all of the tree could be fetched");
        return FAILED;
      }
      context
          .console()
          .out()
          .printf(
              "%s, %s; fetched %s of %s%n",
              Text.count(tree.directories(), "directory", "directories"),
              Text.count(tree.files(), "file", "files"),
              Text.count(tree.fetched(), "file", "files"),
              Text.bytes(tree.fetchedBytes()));
    }
    return OK;
  }
}
