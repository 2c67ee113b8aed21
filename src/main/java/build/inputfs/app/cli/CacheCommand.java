package build.inputfs.app.cli;

import build.inputfs.cache.link.CacheFolder;
import build.inputfs.cache.link.CacheLimits;
import build.inputfs.cache.link.CacheStats;
import build.inputfs.cache.link.DirectoryCache;
import build.inputfs.cache.link.Materializer;
import build.inputfs.cache.link.TreeOptions;
import build.inputfs.cache.link.TreeRemover;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs cache}: looks after the real trees that are kept for read-only views. */
final class CacheCommand implements Subcommand {
  private static final String MAX_BYTES = "--max-bytes";
  private static final String MAX_ENTRIES = "--max-entries";

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs cache stat|verify|gc|clear [OPTION...]")
        .description(
            "Looks after the real trees that are kept for `inputfs mount --read-only --strategy"
                + " hardlink|clone|copy`. None of these may be running.",
            "",
            "  stat    say how many there are, and how large",
            "  verify  compare each name with the tree that it is of, and remove trees that were"
                + " changed; exit code 1 when there were any",
            "  gc      remove trees until the limits are kept",
            "  clear   remove all",
            "");
    spec.addPositional(Options.argument(0, true, "WHAT", "stat, verify, gc or clear."));
    Options.addCas(spec, "The trees' directories are read from it.");
    spec.addOption(Options.value(MAX_BYTES, "N", "For gc: how many bytes all files may have."));
    spec.addOption(
        Options.value(
            MAX_ENTRIES, "N", "For gc: how many files, directories and symlinks there may be."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    String what = Options.required(arguments, 0);
    if (!List.of("stat", "verify", "gc", "clear").contains(what)) {
      throw Options.usage(arguments, "cache takes stat, verify, gc or clear, not " + what);
    }
    boolean limited =
        arguments.hasMatchedOption(MAX_BYTES) || arguments.hasMatchedOption(MAX_ENTRIES);
    if (limited != what.equals("gc")) {
      throw Options.usage(
          arguments, "gc, and nothing else, takes " + MAX_BYTES + " or " + MAX_ENTRIES);
    }
    // Without gc, opening the cache must not evict anything.
    CacheLimits limits =
        new CacheLimits(
            limit(arguments, MAX_BYTES),
            limit(arguments, MAX_ENTRIES),
            CacheLimits.DEFAULT.subtreeEntries());
    Posix posix = Posix.load();
    int exitCode = OK;
    try (Stores stores = context.stores(posix)) {
      LocalStore store = stores.open(arguments, StoreAccess.AUTOMATIC);
      TreeReader trees = new TreeReader(store, TreeReader.DEFAULT_CACHE_BYTES);
      int threads = Runtime.getRuntime().availableProcessors();
      CacheFolder caches = new CacheFolder(context.folders().trees());
      for (TreeOptions options : caches.list()) {
        try (TreeRemover remover = new TreeRemover(posix, threads);
            Materializer materializer =
                new Materializer(
                    posix, store, trees, remover, threads, Materializer.DISK_LINK_LIMIT);
            DirectoryCache cache =
                caches.open(posix, trees, materializer, remover, options, limits)) {
          exitCode = Math.max(exitCode, act(what, cache, context.console()));
        }
      }
    }
    return exitCode;
  }

  private static int act(String what, DirectoryCache cache, Console console) throws IOException {
    int exitCode = OK;
    switch (what) {
      case "verify" -> {
        for (Digest damaged : cache.verify()) {
          console.say("removed the tree of " + damaged + ", which was not as it was made");
          exitCode = NO;
        }
      }
      case "clear" -> cache.clear();
      default -> {}
    }
    print(console.out(), cache.options(), cache.stats());
    return exitCode;
  }

  private static void print(PrintStream out, TreeOptions options, CacheStats stats) {
    out.printf(
        "%s for user %d, group %d: %,d trees, %,d entries, %s%n",
        options.mechanism().label(),
        options.uid(),
        options.gid(),
        stats.trees(),
        stats.entries(),
        Text.bytes(stats.bytes()));
  }

  private static long limit(ParseResult arguments, String option) {
    String value = Options.get(arguments, option);
    try {
      long limit = value == null ? Long.MAX_VALUE : Long.parseLong(value);
      if (limit > 0) {
        return limit;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw Options.usage(arguments, option + " takes a number above 0, not " + value);
  }
}
