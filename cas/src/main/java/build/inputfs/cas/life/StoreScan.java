package build.inputfs.cas.life;

import build.inputfs.cas.life.StoreFile.Kind;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.Fanout;
import build.inputfs.cas.store.FileStamp;
import build.inputfs.cas.store.StoreFiles;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Finds all files of a store. What comes or goes meanwhile may be found or not; what has a name
 * that is none of the store's is left out. For one thread.
 */
final class StoreScan {
  private static final long LONGEST_PAUSE_MILLIS = 50;

  private final Posix posix;
  private final StoreFiles files;
  private final Pattern hashes;
  private final boolean paced;
  private final BooleanSupplier stopped;

  /**
   * @param hashLength of the names, in bytes
   * @param paced whether to work no more than half of the time
   * @param stopped asked often: whether to end early
   */
  StoreScan(Posix posix, StoreFiles files, int hashLength, boolean paced, BooleanSupplier stopped) {
    this.posix = posix;
    this.files = files;
    this.hashes = Pattern.compile("[0-9a-f]{" + 2 * hashLength + "}");
    this.paced = paced;
    this.stopped = stopped;
  }

  /** All files. */
  void all(Consumer<StoreFile> found) throws IOException {
    kept(found);
    flat(Kind.TEMPORARY, files.temporaries(), found);
    flat(Kind.TOMBSTONE, files.tombstones(), found);
    flat(Kind.QUARANTINED, files.quarantine(), found);
  }

  /** Blobs, results and variants, in this order. */
  void kept(Consumer<StoreFile> found) throws IOException {
    fanout(Kind.BLOB, files.blobs(), found);
    fanout(Kind.RESULT, files.results(), found);
    fanout(Kind.VARIANT, files.variants(), found);
  }

  private void fanout(Kind kind, Fanout fanout, Consumer<StoreFile> found) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(fanout.root())) {
      for (Path folder : folders) {
        String prefix = String.valueOf(folder.getFileName());
        long start = System.nanoTime();
        list(
            folder,
            path -> {
              String name = String.valueOf(path.getFileName());
              if (name.startsWith(prefix)
                  && prefix.length() == 2
                  && hashes.matcher(name).matches()) {
                look(kind, path, found);
              }
            });
        pause(System.nanoTime() - start);
        if (stopped.getAsBoolean()) {
          return;
        }
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // There are none.
    }
  }

  private void flat(Kind kind, Path folder, Consumer<StoreFile> found) throws IOException {
    list(folder, path -> look(kind, path, found));
  }

  private void list(Path folder, Consumer<Path> each) throws IOException {
    try (DirectoryStream<Path> paths = Files.newDirectoryStream(folder)) {
      for (Path path : paths) {
        if (stopped.getAsBoolean()) {
          return;
        }
        each.accept(path);
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      // It has gone.
    }
  }

  private void look(Kind kind, Path path, Consumer<StoreFile> found) {
    FileStat stat = new FileStat();
    if (posix.lstat(path, stat) == 0 && FileStamp.of(stat).isRegular()) {
      found.accept(new StoreFile(kind, path, stat.size(), stat.atimeSeconds()));
    }
  }

  private void pause(long workedNanos) {
    if (paced) {
      try {
        Thread.sleep(Math.min(LONGEST_PAUSE_MILLIS, workedNanos / 1_000_000));
      } catch (InterruptedException e) {
        // Whoever interrupts it has it stop, which is asked next.
        Thread.currentThread().interrupt();
      }
    }
  }
}
