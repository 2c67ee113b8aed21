package build.inputfs.cas.store;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * For each blob that is run, a second file with the same content and mode 0555.
 *
 * <p>A blob is 0444 and its mode never changes, so an executable is a file of its own, made once
 * per digest by copying (by reflink where the disk can) into a temporary file that is sealed and
 * renamed into place when nobody can still have it open for writing. From then on it never changes.
 * Thread-safe.
 */
final class ExecutableVariants {
  private static final int MODE = 0555;

  private final DigestFunction function;
  private final Fanout folder;
  private final TemporaryFiles temporaries;
  private final StoreKeeper keeper;
  private final Posix posix;
  private final FileCloner cloner;
  private final OpenWriters writers;
  private final SingleFlight<Digest, Path> making = new SingleFlight<>();

  ExecutableVariants(
      DigestFunction function,
      Fanout folder,
      TemporaryFiles temporaries,
      StoreKeeper keeper,
      Posix posix) {
    this.function = function;
    this.folder = folder;
    this.temporaries = temporaries;
    this.keeper = keeper;
    this.posix = posix;
    this.cloner = new FileCloner(posix);
    this.writers = new OpenWriters(posix);
  }

  /** The executable variant of {@code blob}, which is the file of {@code digest}. */
  Path of(Digest digest, Path blob) throws IOException {
    Path variant = folder.path(digest.hex());
    if (isWhole(variant, digest)) {
      return variant;
    }
    return making.run(
        digest,
        () -> {
          if (!isWhole(variant, digest)) {
            make(digest, blob, variant);
          }
          return variant;
        });
  }

  private void make(Digest digest, Path blob, Path variant) throws IOException {
    Path temporary = temporaries.newPath();
    try {
      copy(digest, blob, temporary);
      cloner.seal(temporary, MODE);
      if (Files.size(temporary) != digest.size()) {
        throw new MissingBlobException(function, digest, "it changed its size while it was copied");
      }
      writers.awaitNone(temporary);
      folder.publish(temporary, variant);
      keeper.variantMade(digest);
    } finally {
      temporaries.release(temporary);
    }
  }

  private void copy(Digest digest, Path blob, Path temporary) throws IOException {
    try {
      cloner.copy(blob, temporary);
    } catch (PosixException e) {
      if (e.errno() == Errnos.ENOENT && !Files.exists(blob)) {
        throw new MissingBlobException(function, digest, "it has just gone");
      }
      throw e;
    }
  }

  private boolean isWhole(Path variant, Digest digest) {
    FileStat stat = new FileStat();
    return posix.lstat(variant, stat) == 0
        && stat.mode() == (FileStamp.REGULAR | MODE)
        && stat.size() == digest.size();
  }
}
