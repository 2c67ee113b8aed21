package build.inputfs.app.cli;

import build.inputfs.app.config.Configuration;
import build.inputfs.app.daemon.StrategySet;
import build.inputfs.app.run.Interruption;
import build.inputfs.app.run.Problems;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import picocli.CommandLine.ParseResult;

/**
 * What every command gets.
 *
 * @param console where it writes
 * @param folders where it keeps things
 * @param strategies makes the strategies for views
 * @param environment of this process, with what is configured
 * @param configuration what the configuration file says
 * @param signals takes the signals that ask this program to end, from when it is called on
 */
record Context(
    Console console,
    Folders folders,
    Strategies strategies,
    Map<String, String> environment,
    Configuration configuration,
    Supplier<Interruption> signals) {

  /** What a command gets when nothing is configured. */
  Context(
      Console console,
      Folders folders,
      Strategies strategies,
      Map<String, String> environment,
      Supplier<Interruption> signals) {
    this(console, folders, strategies, environment, Configuration.NONE, signals);
  }

  /** The same with what is configured. */
  Context configured(Configuration file) {
    return new Context(
        console, folders.configured(file), strategies, file.under(environment), file, signals);
  }

  /** The stores, none opened yet. */
  Stores stores(Posix posix) {
    return new Stores(folders, configuration, posix);
  }

  /**
   * The strategy that the options ask for, which the caller closes.
   *
   * @param blobs where the inputs' contents are
   * @param trees decodes the inputs' directories
   */
  ViewStrategy strategy(ParseResult arguments, Posix posix, BlobSource blobs, TreeReader trees)
      throws IOException {
    String name = Options.get(arguments, Options.STRATEGY);
    return strategies.open(
        name == null ? Strategies.AUTOMATIC : name,
        Options.transport(arguments),
        posix,
        blobs,
        trees,
        scratch(arguments));
  }

  /**
   * All strategies, which the caller closes; {@code auto} is the one that the options ask for.
   *
   * @param own an existing folder of this process's own that takes all they keep
   */
  StrategySet strategies(
      ParseResult arguments, Posix posix, BlobSource blobs, TreeReader trees, Path own)
      throws IOException {
    String name = Options.get(arguments, Options.STRATEGY);
    StrategySet all = strategies.all(Options.transport(arguments), posix, blobs, trees, own);
    return name == null ? all : new StrategySet(all.byName(), all.of(name));
  }

  /** The real path of the scratch folder that the options ask for, or of this user's own. */
  Path scratch(ParseResult arguments) throws IOException {
    Path scratch = Options.path(arguments, Options.SCRATCH);
    if (scratch == null) {
      scratch = folders.scratch();
      makeOwn(scratch, Options.SCRATCH);
    } else if (!Files.isDirectory(scratch)) {
      throw new IOException("the scratch folder " + scratch + " is not a directory");
    }
    return scratch.toRealPath();
  }

  /** Makes a folder of this user's cache, or says which option names another. */
  static void makeOwn(Path folder, String option) throws IOException {
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new IOException(
          "cannot make %s: %s; name another with %s, or set XDG_CACHE_HOME"
              .formatted(folder, Problems.describe(e), option),
          e);
    }
  }
}
