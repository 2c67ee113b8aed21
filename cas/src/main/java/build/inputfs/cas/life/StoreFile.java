package build.inputfs.cas.life;

import java.nio.file.Path;

/**
 * A file of a store, as a {@link StoreScan} found it.
 *
 * @param bytes its size
 * @param accessSeconds since 1970, of the last access that the disk knows of
 */
record StoreFile(Kind kind, Path path, long bytes, long accessSeconds) {
  /** What a file of a store is. */
  enum Kind {
    BLOB,
    VARIANT,
    RESULT,
    TEMPORARY,
    TOMBSTONE,
    QUARANTINED
  }

  /** The file's name: of a blob, a variant or a result it is a hash. */
  String name() {
    return String.valueOf(path.getFileName());
  }
}
