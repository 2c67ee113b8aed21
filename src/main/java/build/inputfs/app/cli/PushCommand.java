package build.inputfs.app.cli;

import build.inputfs.app.run.Interruption;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.push.Pushed;
import build.inputfs.cas.push.Pusher;
import build.inputfs.cas.remote.RemoteCas;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs push}: a tree of the store goes to the remote. */
final class PushCommand implements Subcommand {

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs push ROOT [OPTION...]")
        .description(
            "Sends all of a tree that a remote lacks to it. Prints how many blobs the tree has, and"
                + " how much of it was sent.",
            "");
    spec.addPositional(Options.argument(0, true, "ROOT", "The digest of the tree's root."));
    Options.addCas(spec, "It is only read.");
    Options.addRemote(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    String root = Options.required(arguments, 0);
    Remotes wanted = Remotes.of(arguments, context.configuration());
    if (wanted == null) {
      throw Options.usage(arguments, "give a remote with " + Options.REMOTE);
    }
    Interruption interruption = context.signals().get();
    try (Stores stores = context.stores(Posix.load())) {
      LocalStore store = stores.open(arguments, StoreAccess.READ_ONLY);
      Digest digest = store.resolve(root);
      Pushed pushed;
      try (RemoteCas remote = wanted.open(store.function());
          Lease _ = store.lease(digest)) {
        pushed = interruption.interruptibly(() -> new Pusher(store, remote).tree(digest));
      }
      context
          .console()
          .out()
          .printf(
              "%s; sent %s of %s%n",
              Text.count(pushed.blobs(), "blob", "blobs"),
              Text.count(pushed.sent(), "blob", "blobs"),
              Text.bytes(pushed.sentBytes()));
    }
    return OK;
  }
}
