package build.inputfs.app.cli;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.TreeEntry;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/** {@code inputfs tree}: all that is in a tree, indented. */
final class TreeCommand implements Subcommand {

  @Override
  public void describe(CommandSpec spec) {
    spec.usageMessage()
        .customSynopsis("inputfs tree ROOT [PATH] [OPTION...]")
        .description("Lists a tree that is in the store, indented, and counts what it holds.", "");
    Place.describe(spec);
  }

  @Override
  public int run(ParseResult arguments, Context context) throws IOException {
    PrintStream out = context.console().out();
    return Place.use(
        arguments,
        context,
        place -> {
          TreeEntry entry = place.entry();
          out.println(place.path().isEmpty() ? place.root().toString() : place.path());
          Counts counts = new Counts();
          if (Place.isDirectory(entry)) {
            print(place, Place.digest(entry), "", 1, counts, out);
          } else {
            counts.add(entry);
          }
          out.printf(
              "%n%s, %s (%s), %s%n",
              Text.count(counts.directories, "directory", "directories"),
              Text.count(counts.files, "file", "files"),
              Text.bytes(counts.bytes),
              Text.count(counts.symlinks, "symlink", "symlinks"));
          return OK;
        });
  }

  private static final class Counts {
    private long directories;
    private long files;
    private long symlinks;
    private long bytes;

    void add(TreeEntry entry) {
      switch (entry.kind()) {
        case DIRECTORY -> directories++;
        case FILE -> {
          files++;
          bytes += entry.size();
        }
        case SYMLINK -> symlinks++;
      }
    }
  }

  private static void print(
      Place place, Digest directory, String indent, int depth, Counts counts, PrintStream out)
      throws IOException {
    if (depth > TreeReader.MAX_DEPTH) {
      throw new IOException("the tree is more than " + TreeReader.MAX_DEPTH + " levels deep");
    }
    List<Place.Child> children = place.children(directory);
    for (int i = 0; i < children.size() && !out.checkError(); i++) {
      Place.Child child = children.get(i);
      TreeEntry entry = child.entry();
      counts.add(entry);
      boolean last = i == children.size() - 1;
      out.print(indent + (last ? "└── " : "├── ") + child.name());
      out.println(
          switch (entry.kind()) {
            case FILE -> entry.executable() ? "*" : "";
            case DIRECTORY -> "/";
            case SYMLINK -> " -> " + entry.target();
          });
      if (Place.isDirectory(entry)) {
        String deeper = indent + (last ? "    " : "│   ");
        print(place, Place.digest(entry), deeper, depth + 1, counts, out);
      }
    }
  }
}
