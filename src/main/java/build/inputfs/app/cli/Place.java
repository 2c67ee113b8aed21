package build.inputfs.app.cli;

import build.inputfs.app.client.DaemonBlobs;
import build.inputfs.app.client.DaemonClient;
import build.inputfs.app.client.UnservedException;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.store.Lease;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeEntry;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;

/**
 * A place in a tree of a store, as the arguments {@code ROOT [PATH]} name it. The store is only
 * read, by a daemon that has it or in this process, and nothing is mounted.
 *
 * @param trees reads the store's trees
 * @param content reads its blobs
 * @param root the digest of the tree's root, or of a single file where there is no path
 * @param path relative to the root; empty for the root itself
 */
record Place(TreeReader trees, Content content, Digest root, String path) {
  private static final String DESCRIPTION = "inputfs, reading a tree";

  /** The options that no daemon serves. */
  private static final List<String> NOT_FOR_DAEMONS =
      List.of(Options.REMOTE, Options.REMOTE_TIMEOUT);

  /** What inputs have that do not ask for a time of their own. */
  private static final Instant DEFAULT_TIME = Instant.parse("2000-01-01T00:00:00Z");

  /** A name in a directory, and what it names. */
  record Child(String name, TreeEntry entry) {}

  /** Where the content of blobs comes from. */
  @FunctionalInterface
  interface Content {
    /** Reads a blob from its beginning. The caller closes the stream. */
    InputStream open(Digest digest) throws IOException;
  }

  /** What is done with a place. */
  @FunctionalInterface
  interface Use {
    int at(Place place) throws IOException;
  }

  /** Adds the arguments that {@link #use} reads. */
  static void describe(CommandSpec spec) {
    spec.addPositional(Options.argument(0, true, "ROOT", "The digest of the tree's root."));
    spec.addPositional(
        Options.argument(1, false, "PATH", "A path in the tree. Symlinks are not followed."));
    Options.addCas(spec, "It is only read, but for what comes from a remote.");
    Options.addRemote(spec);
    Options.addDaemon(spec, "read the tree");
  }

  /** Opens the store, does something with the place that the arguments name, and closes it. */
  static int use(ParseResult arguments, Context context, Use use) throws IOException {
    return DaemonChoice.of(arguments, context, NOT_FOR_DAEMONS)
        .run(
            finder -> useByDaemon(arguments, context, finder, use),
            () -> useHere(arguments, context, use));
  }

  private static int useByDaemon(
      ParseResult arguments, Context context, DaemonFinder finder, Use use) throws IOException {
    try (DaemonClient daemon = finder.findForTrees(DESCRIPTION)) {
      DigestFunction function = daemon.info().function();
      Digest root;
      try {
        root = function.parse(Options.required(arguments, 0));
      } catch (InvalidDigestException e) {
        throw new UnservedException("the root's size is not given", e);
      }
      if (Options.has(arguments, Options.VERBOSE)) {
        context.console().say("the daemon at %s reads the tree".formatted(finder.socket()));
      }
      DaemonBlobs blobs = new DaemonBlobs(daemon, function);
      TreeReader trees = new TreeReader(blobs, TreeReader.DEFAULT_CACHE_BYTES);
      return use.at(new Place(trees, blobs::open, root, path(arguments)));
    }
  }

  private static int useHere(ParseResult arguments, Context context, Use use) throws IOException {
    try (Stores stores = context.stores(Posix.load())) {
      Blobs blobs = stores.blobs(arguments, StoreAccess.READ_ONLY);
      BlobSource source = blobs.source();
      Digest root = blobs.store().resolve(Options.required(arguments, 0));
      try (Lease _ = blobs.store().lease(root)) {
        return use.at(
            new Place(
                new TreeReader(source, TreeReader.DEFAULT_CACHE_BYTES),
                digest -> Files.newInputStream(source.locate(digest, false)),
                root,
                path(arguments)));
      }
    }
  }

  private static String path(ParseResult arguments) {
    String path = Options.argument(arguments, 1);
    return path == null ? "" : path;
  }

  /** What is there. */
  TreeEntry entry() throws IOException {
    try {
      return trees.resolve(root, path);
    } catch (NoSuchFileException e) {
      throw new IOException("there is no '" + path + "' in the tree", e);
    } catch (NotDirectoryException e) {
      throw new IOException("'" + path + "' leads through what is not a directory", e);
    }
  }

  /** The names in a directory. */
  List<String> names(Digest directory) throws IOException {
    InputDirectory decoded = trees.directory(directory);
    List<String> names = new ArrayList<>(decoded.size());
    for (int i = 0; i < decoded.size(); i++) {
      names.add(new String(decoded.name(i), StandardCharsets.UTF_8));
    }
    return names;
  }

  /** What is in a directory. */
  List<Child> children(Digest directory) throws IOException {
    List<Child> children = new ArrayList<>();
    for (String name : names(directory)) {
      children.add(new Child(name, trees.resolve(directory, name)));
    }
    return children;
  }

  /** The permission bits that an entry has in a view. */
  static int mode(TreeEntry entry) {
    if (entry.unixMode() >= 0) {
      return entry.unixMode();
    }
    return switch (entry.kind()) {
      case FILE -> entry.executable() ? 0555 : 0444;
      case DIRECTORY -> 0755;
      case SYMLINK -> 0777;
    };
  }

  /** The modification time that an entry has in a view. */
  static Instant mtime(TreeEntry entry) {
    Instant own = entry.mtime();
    return own == null ? DEFAULT_TIME : own;
  }

  /** The digest of what has one: a file or a directory. */
  static Digest digest(TreeEntry entry) {
    Digest digest = entry.digest();
    if (digest == null) {
      throw new IllegalArgumentException("a symlink has no digest");
    }
    return digest;
  }

  /** Whether {@code entry} is a directory. */
  static boolean isDirectory(TreeEntry entry) {
    return entry.kind() == Kind.DIRECTORY;
  }
}
