package build.inputfs.cache.link;

/**
 * How large a {@link DirectoryCache} may become; trees that snapshots are made of have limits of
 * their own like these.
 *
 * @param bytes size of all files together, whether or not they share blocks with the store
 * @param entries number of files, directories and symlinks
 * @param subtreeEntries how many entries make a subtree a tree of the cache for itself
 */
public record CacheLimits(long bytes, long entries, long subtreeEntries) {
  /** Enough for toolchains and sources of a large build. */
  public static final CacheLimits DEFAULT = new CacheLimits(100L << 30, 5_000_000, 64);

  /** What all trees together may weigh. */
  static final long WHOLE = 1_000_000_000;

  public CacheLimits {
    if (bytes < 1 || entries < 1 || subtreeEntries < 1) {
      throw new IllegalArgumentException("limits have to be positive");
    }
  }

  /** A tree's weight: its part of the tighter limit, as part of {@link #WHOLE}. */
  int weight(long treeBytes, long treeEntries) {
    double part = Math.max((double) treeBytes / bytes, (double) treeEntries / entries);
    return (int) Math.min(Integer.MAX_VALUE, 1 + Math.ceil(part * WHOLE));
  }
}
