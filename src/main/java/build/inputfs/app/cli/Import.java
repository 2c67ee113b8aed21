package build.inputfs.app.cli;

import build.inputfs.app.run.Interruption;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.PutMode;
import build.inputfs.cas.tree.KeptProperty;
import build.inputfs.cas.tree.TreeBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Set;

/** Puts directories in stores, on all cores, with a line of progress on a terminal. */
final class Import {
  private final Posix posix;
  private final Interruption interruption;
  private final Console console;

  Import(Posix posix, Interruption interruption, Console console) {
    this.posix = posix;
    this.interruption = interruption;
    this.console = console;
  }

  /** Imports a directory and returns the digest of its root. A signal ends it. */
  Digest run(LocalStore store, Path directory, Set<KeptProperty> kept) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
          ? new NotDirectoryException(directory.toString())
          : new NoSuchFileException(directory.toString());
    }
    int threads = Runtime.getRuntime().availableProcessors();
    try (Progress progress = Progress.start(console, "importing")) {
      TreeBuilder builder =
          new TreeBuilder(store, posix, PutMode.AUTO, kept, progress::fileDone, threads);
      return interruption.interruptibly(() -> builder.build(directory));
    }
  }
}
