package build.inputfs.app.cli;

import build.inputfs.app.run.Interruption;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Signals;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.mount.MountPoints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs mount}: shows a tree of the store as a directory, until it is told to end. */
final class MountCommand implements Subcommand {
  static final String READ_ONLY = "--read-only";

  /** The options that no daemon serves. */
  private static final List<String> NOT_FOR_DAEMONS =
      List.of(Options.REMOTE, Options.REMOTE_TIMEOUT, Options.SCRATCH, Options.TRANSPORT);

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs mount ROOT MOUNTPOINT [OPTION...]")
        .description(
            "Shows a tree of the store as a directory, which may be changed like any other; the"
                + " store never changes, and what was written is gone at the end. Prints",
            "",
            "    mounted ROOT on MOUNTPOINT",
            "",
            "when it can be used, and stays in the foreground until Ctrl-C, SIGTERM or"
                + " `inputfs unmount`.",
            "");
    spec.addPositional(Options.argument(0, true, "ROOT", "The digest of the tree's root."));
    spec.addPositional(Options.argument(1, true, "MOUNTPOINT", "An empty directory."));
    Options.addCas(spec, "");
    Options.addRemote(spec);
    spec.addOption(Options.flag(READ_ONLY, "Let nobody write."));
    Options.addView(spec);
    Options.addScratchLimit(spec);
    Options.addDaemon(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    MountArguments asked = MountArguments.of(arguments);
    return DaemonChoice.of(arguments, context, NOT_FOR_DAEMONS)
        .run(
            finder -> {
              new DaemonMount(context.console(), finder, context.signals()).run(asked);
              return OK;
            },
            () -> mount(arguments, asked, context));
  }

  private static int mount(ParseResult arguments, MountArguments asked, Context context)
      throws IOException {
    Path mountPoint = asked.mountPoint();
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    try (Stores stores = context.stores(posix)) {
      Blobs blobs = stores.blobs(arguments, StoreAccess.AUTOMATIC);
      Digest root = blobs.store().resolve(asked.root());
      var _ = MountPoints.check(posix, mountPoint);
      ViewSpec spec =
          new ViewSpec(
              root,
              mountPoint,
              posix.geteuid(),
              posix.getegid(),
              asked.readOnly(),
              List.of(),
              asked.scratch());
      TreeReader trees = new TreeReader(blobs.source(), TreeReader.DEFAULT_CACHE_BYTES);
      interruption.check();
      try (ViewStrategy strategy = context.strategy(arguments, posix, blobs.source(), trees);
          View view = strategy.open(spec)) {
        context.console().out().println("mounted " + root + " on " + mountPoint);
        context.console().out().flush();
        view.limits().listen(hit -> context.console().say(hit.toString()));
        awaitEnd(view, interruption);
      }
    }
    return OK;
  }

  private static void awaitEnd(View view, Interruption interruption) {
    Thread waiting = Thread.currentThread();
    try (Interruption.Forwarding _ = interruption.forwardTo((Signals _) -> waiting.interrupt())) {
      view.awaitEnd();
    } catch (InterruptedException e) {
      // That is how it is told to end.
    } finally {
      Thread.interrupted();
    }
  }
}
