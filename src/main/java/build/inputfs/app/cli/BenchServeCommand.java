package build.inputfs.app.cli;

import build.inputfs.app.bench.ViewServer;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs bench-serve}: makes views for {@code inputfs bench}, which alone starts it. */
final class BenchServeCommand implements Subcommand {
  static final String NAME = "bench-serve";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage().description("Makes views for `inputfs bench`; of no use by itself.");
    spec.addPositional(Options.argument(0, true, "STRATEGY", "The strategy."));
    spec.addPositional(Options.argument(1, true, "STORE", "The store's folder."));
    spec.addPositional(Options.argument(2, true, "SCRATCH", "A folder of its own."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    // The terminal's signals reach it too: it ends when the benchmark closes its input.
    var _ = context.signals().get();
    String strategy = Options.required(arguments, 0);
    Posix posix = Posix.load();
    try (Stores stores = context.stores(posix)) {
      LocalStore store =
          stores.open(Path.of(Options.required(arguments, 1)), StoreAccess.AUTOMATIC);
      new ViewServer(
              store,
              (blobs, trees, scratch) ->
                  context
                      .strategies()
                      .open(strategy, TransportChoice.AUTO, posix, blobs, trees, scratch),
              posix,
              Path.of(Options.required(arguments, 2)))
          .serve(System.in, context.console().out());
    }
    return OK;
  }
}
