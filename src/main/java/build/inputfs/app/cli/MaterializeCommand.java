package build.inputfs.app.cli;

import build.inputfs.app.run.Interruption;
import build.inputfs.cache.link.Materializer;
import build.inputfs.cache.link.Mechanism;
import build.inputfs.cache.link.TreeCounts;
import build.inputfs.cache.link.TreeOptions;
import build.inputfs.cache.link.TreeRemover;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs materialize}: a tree of the store becomes a real directory, which stays. */
final class MaterializeCommand implements Subcommand {

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs materialize ROOT DIR [OPTION...]")
        .description(
            "Makes a real directory of a tree of the store. It stays until somebody removes it."
                + " On a terminal, progress is shown.",
            "",
            "hardlink makes each file a link to its blob, which costs no space: then nobody may"
                + " change a file there in place, as that would change the store; it is for readers"
                + " that the mode bits bind, so not for root. clone shares the blobs' extents, on"
                + " XFS and btrfs. Files that cannot be made so are made in the next way.",
            "");
    spec.addPositional(Options.argument(0, true, "ROOT", "The digest of the tree's root."));
    spec.addPositional(
        Options.argument(1, true, "DIR", "The directory: a new one, or one that is empty."));
    Options.addCas(spec, "");
    Options.addRemote(spec);
    spec.addOption(
        Options.choice(
            Options.STRATEGY,
            "NAME",
            List.of("hardlink", "clone", "copy"),
            "hardlink, clone or copy (default: clone, else copy)."));
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    String rootText = Options.required(arguments, 0);
    Path destination = Path.of(Options.required(arguments, 1)).toAbsolutePath().normalize();
    Mechanism mechanism = mechanism(arguments, Options.get(arguments, Options.STRATEGY));
    Interruption interruption = context.signals().get();
    Posix posix = Posix.load();
    int threads = Runtime.getRuntime().availableProcessors();
    try (Stores stores = context.stores(posix)) {
      Blobs blobs = stores.blobs(arguments, StoreAccess.AUTOMATIC);
      Digest root = blobs.store().resolve(rootText);
      TreeReader trees = new TreeReader(blobs.source(), TreeReader.DEFAULT_CACHE_BYTES);
      TreeOptions options = new TreeOptions(mechanism, posix.geteuid(), posix.getegid());
      TreeCounts counts;
      try (Lease _ = blobs.store().lease(root);
          Progress progress = Progress.start(context.console(), "making");
          TreeRemover remover = new TreeRemover(posix, threads);
          Materializer materializer =
              new Materializer(
                  posix, blobs.source(), trees, remover, threads, Materializer.DISK_LINK_LIMIT)) {
        counts =
            interruption.interruptibly(
                () -> materializer.materialize(root, destination, options, progress::fileDone));
      }
      context.console().say("made " + destination + ": " + describe(counts));
    }
    return OK;
  }

  private static Mechanism mechanism(ParseResult arguments, @Nullable String name) {
    if (name == null) {
      return Mechanism.CLONE;
    }
    for (Mechanism mechanism : Mechanism.values()) {
      if (mechanism.label().equals(name)) {
        return mechanism;
      }
    }
    throw Options.usage(arguments, "--strategy takes hardlink, clone or copy, not " + name);
  }

  private static String describe(TreeCounts counts) {
    List<String> parts = new ArrayList<>();
    counts.byName().forEach((name, count) -> parts.add("%s %,d".formatted(name, count)));
    return String.join(", ", parts);
  }
}
