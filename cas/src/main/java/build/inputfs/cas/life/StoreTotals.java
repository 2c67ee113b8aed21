package build.inputfs.cas.life;

import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.life.StoreFile.Kind;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.StoreFiles;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/**
 * What is in a store, by counting it.
 *
 * @param blobs named by their digests
 * @param variants executable copies of blobs
 * @param results of actions
 * @param temporaries what is being written, or was left by a process that died
 * @param tombstones what is being deleted
 * @param quarantined what was found to be wrong
 */
public record StoreTotals(
    Total blobs,
    Total variants,
    Total results,
    Total temporaries,
    Total tombstones,
    Total quarantined) {

  /**
   * A number of files.
   *
   * @param bytes that all of them have together
   */
  public record Total(long files, long bytes) {
    private static final Total NONE = new Total(0, 0);

    private Total plus(Total other) {
      return new Total(files + other.files, bytes + other.bytes);
    }
  }

  /** Counts all files of a store, which may be in use meanwhile. */
  public static StoreTotals count(StoreFiles files, DigestFunction function, Posix posix)
      throws IOException {
    Map<Kind, Total> totals = new EnumMap<>(Kind.class);
    new StoreScan(posix, files, function.hashLength(), false, () -> false)
        .all(file -> totals.merge(file.kind(), new Total(1, file.bytes()), Total::plus));
    return new StoreTotals(
        totals.getOrDefault(Kind.BLOB, Total.NONE),
        totals.getOrDefault(Kind.VARIANT, Total.NONE),
        totals.getOrDefault(Kind.RESULT, Total.NONE),
        totals.getOrDefault(Kind.TEMPORARY, Total.NONE),
        totals.getOrDefault(Kind.TOMBSTONE, Total.NONE),
        totals.getOrDefault(Kind.QUARANTINED, Total.NONE));
  }

  /** How many bytes a limit counts. */
  public long limited() {
    return blobs.bytes() + variants.bytes() + results.bytes();
  }
}
