package build.inputfs.cas.store;

/**
 * How many blobs got into a store, by what really happened.
 *
 * @param copied whose bytes were written
 * @param reflinked that share the extents of the file they came from
 * @param linked that are the file they came from
 * @param present that were there already
 */
public record PutCounts(long copied, long reflinked, long linked, long present) {}
