package build.inputfs.cas.remote;

import build.inputfs.cas.digest.Digest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * How blobs are spread over batches.
 *
 * @param batches each fits in a message
 * @param large those that fit in none
 */
record BatchPlan(List<List<Digest>> batches, List<Digest> large) {
  /** What a blob takes in a message beside its content, with its digest: no more than this. */
  static final int OVERHEAD = 256;

  /**
   * @param limit the most bytes of a batch, overhead included
   */
  static BatchPlan of(Collection<Digest> digests, long limit) {
    List<List<Digest>> batches = new ArrayList<>();
    List<Digest> large = new ArrayList<>();
    List<Digest> batch = new ArrayList<>();
    long bytes = 0;
    for (Digest digest : digests) {
      long size = size(digest);
      if (size > limit) {
        large.add(digest);
        continue;
      }
      if (bytes + size > limit) {
        batches.add(batch);
        batch = new ArrayList<>();
        bytes = 0;
      }
      batch.add(digest);
      bytes += size;
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return new BatchPlan(batches, large);
  }

  static long size(Digest digest) {
    return digest.size() + OVERHEAD;
  }

  /** What some blobs have together. */
  static long bytes(Collection<Digest> digests) {
    return digests.stream().mapToLong(Digest::size).sum();
  }
}
