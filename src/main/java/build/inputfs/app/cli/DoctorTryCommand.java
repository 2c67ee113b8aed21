package build.inputfs.app.cli;

import build.inputfs.app.doctor.Trial;
import build.inputfs.app.run.CommandRunner;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.Processes;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs doctor-try}: makes a view by each strategy, for {@code inputfs doctor}. */
final class DoctorTryCommand implements Subcommand {
  static final String NAME = "doctor-try";

  /** What follows a strategy's name where it is to be served by the transport jnr. */
  static final String OVER_JNR = " over jnr";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage().description("Tries strategies for `inputfs doctor`; of no use by itself.");
    spec.addPositional(Options.argument(0, true, "STORE", "A folder of its own for a store."));
    spec.addPositional(Options.argument(1, true, "SCRATCH", "A folder of its own."));
    spec.addPositional(Options.arguments(2, "STRATEGY", "The strategies."));
  }

  /** A strategy by its name, to which {@link #OVER_JNR} may be added. */
  private static ViewStrategy strategy(
      String name,
      Strategies strategies,
      Posix posix,
      LocalStore store,
      TreeReader trees,
      Path scratch)
      throws IOException {
    boolean overJnr = name.endsWith(OVER_JNR);
    return strategies.open(
        overJnr ? name.substring(0, name.length() - OVER_JNR.length()) : name,
        overJnr ? TransportChoice.JNR : TransportChoice.AUTO,
        posix,
        store,
        trees,
        scratch);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    PrintStream out = context.console().out();
    Path scratch = Path.of(Options.required(arguments, 1)).toRealPath();
    try (Stores stores = context.stores(posix)) {
      LocalStore store =
          stores.open(Path.of(Options.required(arguments, 0)), StoreAccess.READ_WRITE);
      Trial trial =
          new Trial(
              posix, store, new CommandRunner(Processes.load(), interruption, CommandRunner.GRACE));
      TreeReader trees = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
      for (String name : Options.rest(arguments, 2)) {
        interruption.check();
        Path point = Files.createDirectory(scratch.resolve("point-" + name));
        try (ViewStrategy strategy =
            strategy(name, context.strategies(), posix, store, trees, scratch)) {
          String mechanism = trial.run(strategy, point);
          out.println(name + "\tok\t" + strategy.name() + "\t" + mechanism);
        } catch (IOException | RuntimeException e) {
          out.println(name + "\tno\t" + Problems.describe(e).replaceAll("\\s+", " "));
        }
        out.flush();
      }
    }
    return OK;
  }
}
