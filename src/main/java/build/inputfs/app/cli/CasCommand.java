package build.inputfs.app.cli;

import build.inputfs.cas.life.LimitStats;
import build.inputfs.cas.life.LimitedStore;
import build.inputfs.cas.life.StoreCheck;
import build.inputfs.cas.life.StoreTotals;
import build.inputfs.cas.life.StoreTotals.Total;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs cas}: looks after the store. */
final class CasCommand implements Subcommand {
  private static final String MAX_SIZE = "--max-size";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs cas stat|verify|gc [OPTION...]")
        .description(
            "Looks after the store. Other processes may be using it.",
            "",
            "  stat    say what is in it: numbers and bytes",
            "  verify  read everything and compare it with its name, on all cores; what is wrong is"
                + " moved to inputfs/quarantine in the store, so that it counts as missing, or told"
                + " alone where the store cannot be written; exit code 1 when something is wrong",
            "  gc      delete blobs, with their executable copies, and results of actions that were"
                + " not used for longest, until all together are no larger than "
                + MAX_SIZE
                + "; trees that a process uses are left; exit code 1 when what is left is larger",
            "");
    spec.addPositional(Options.argument(0, true, "WHAT", "stat, verify or gc."));
    Options.addCas(spec, "");
    spec.addOption(
        Options.value(
            MAX_SIZE, "SIZE", "For gc: how many bytes may stay, such as 800000, 500MB or 20GiB."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    String what = Options.required(arguments, 0);
    if (!List.of("stat", "verify", "gc").contains(what)) {
      throw Options.usage(arguments, "cas takes stat, verify or gc, not " + what);
    }
    if (arguments.hasMatchedOption(MAX_SIZE) != what.equals("gc")) {
      throw Options.usage(arguments, "gc, and nothing else, takes " + MAX_SIZE);
    }
    long limit = what.equals("gc") ? Options.size(arguments, MAX_SIZE) : 0;
    Posix posix = Posix.load();
    try (Stores stores = context.stores(posix)) {
      LocalStore store = stores.open(arguments, StoreAccess.AUTOMATIC);
      return switch (what) {
        case "verify" -> verify(store, posix, context.console());
        case "gc" -> shrink(store, limit, posix, context.console());
        default -> {
          print(StoreTotals.count(store.files(), store.function(), posix), context.console().out());
          yield OK;
        }
      };
    }
  }

  private static void print(StoreTotals totals, PrintStream out) {
    line(out, "blobs", totals.blobs());
    line(out, "executables", totals.variants());
    line(out, "results", totals.results());
    line(out, "temporary", totals.temporaries());
    line(out, "being deleted", totals.tombstones());
    line(out, "quarantined", totals.quarantined());
  }

  private static void line(PrintStream out, String name, Total total) {
    out.printf("%-14s %,12d %18s%n", name, total.files(), Text.bytes(total.bytes()));
  }

  private static int verify(LocalStore store, Posix posix, Console console) throws IOException {
    int threads = Runtime.getRuntime().availableProcessors();
    List<StoreCheck.Wrong> wrong;
    long all =
        Console.isTerminal()
            ? StoreTotals.count(store.files(), store.function(), posix).limited()
            : 0;
    try (Progress progress = Progress.start(console, "checking", all)) {
      wrong = new StoreCheck(posix, store, threads, progress::fileDone).run();
    }
    for (StoreCheck.Wrong each : wrong) {
      Path place = each.quarantined();
      console
          .out()
          .println(each.file() + ": " + each.problem() + (place == null ? "" : "; now " + place));
    }
    console.say(wrong.isEmpty() ? "all is right" : "wrong: " + wrong.size());
    return wrong.isEmpty() ? OK : NO;
  }

  private static int shrink(LocalStore store, long limit, Posix posix, Console console)
      throws IOException {
    if (!store.isWritable()) {
      throw new IOException("the store in " + store.root() + " cannot be written");
    }
    LimitStats stats = LimitedStore.shrink(store.root(), store.function(), limit, posix);
    console
        .out()
        .printf(
            "deleted %s of %s; %s left, of %s%n",
            Text.count(stats.evictions(), "blob or result", "blobs and results"),
            Text.bytes(stats.evictedBytes()),
            Text.count(stats.files(), "blob or result", "blobs and results"),
            Text.bytes(stats.bytes()));
    if (stats.bytes() <= limit) {
      return OK;
    }
    console.say(
        stats.waiting()
            ? "another process uses the store in a way that keeps everything: try again later"
            : "what is left is in use, or was put meanwhile");
    return NO;
  }
}
