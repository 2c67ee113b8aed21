package build.inputfs.cache.link;

/**
 * How large a {@link DirectoryCache} may become.
 *
 * @param bytes size of all files together, whether or not they share blocks with the store
 * @param entries number of files, directories and symlinks
 * @param subtreeEntries how many entries make a subtree a tree of the cache for itself
 */
public record CacheLimits(long bytes, long entries, long subtreeEntries) {
  /** Enough for toolchains and sources of a large build. */
  public static final CacheLimits DEFAULT = new CacheLimits(100L << 30, 5_000_000, 64);

  public CacheLimits {
    if (bytes < 1 || entries < 1 || subtreeEntries < 1) {
      throw new IllegalArgumentException("limits have to be positive");
    }
  }
}
