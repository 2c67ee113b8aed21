package build.inputfs.cas.life;

/**
 * How a store stands to its limit.
 *
 * @param limit in bytes
 * @param counting whether the store is still being counted: until it is, nothing is evicted, and
 *     the numbers are of what was met so far
 * @param bytes of blobs, executable variants and results
 * @param files blobs and results
 * @param keptBytes of those that would have gone, were they not in use
 * @param leasedTrees how many trees this process has leases on
 * @param evictions of blobs and results, since the store was opened
 * @param evictedBytes of these and their variants
 * @param waiting whether eviction waits for another process that keeps everything for now
 */
public record LimitStats(
    long limit,
    boolean counting,
    long bytes,
    long files,
    long keptBytes,
    int leasedTrees,
    long evictions,
    long evictedBytes,
    boolean waiting) {}
