package build.inputfs.app.cli;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeEntry;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs cat}: the bytes of a file. */
final class CatCommand implements Subcommand {
  private static final int BUFFER = 1 << 16;

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis(
            "inputfs cat ROOT PATH [OPTION...]", "       inputfs cat DIGEST [OPTION...]")
        .description(
            "Prints a file of a tree that is in the store, or, without a PATH, the blob itself.",
            "");
    Place.describe(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    return Place.use(
        arguments,
        context,
        place -> {
          copy(place, file(place), context.console().out());
          return OK;
        });
  }

  private static Digest file(Place place) throws IOException {
    if (place.path().isEmpty()) {
      return place.root();
    }
    TreeEntry entry = place.entry();
    if (entry.kind() != Kind.FILE) {
      throw new IOException(
          "'%s' is a %s"
              .formatted(
                  place.path(),
                  entry.kind() == Kind.SYMLINK ? "symlink to " + entry.target() : "directory"));
    }
    return Place.digest(entry);
  }

  private static void copy(Place place, Digest file, PrintStream out) throws IOException {
    byte[] buffer = new byte[BUFFER];
    try (InputStream in = place.content().open(file)) {
      int count = in.read(buffer);
      // Whoever reads the output may have had enough.
      while (count >= 0 && !out.checkError()) {
        out.write(buffer, 0, count);
        count = in.read(buffer);
      }
    }
  }
}
