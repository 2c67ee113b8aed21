package build.inputfs.fuse.kernel;

/**
 * How long the kernel may answer from what it was told, without asking again.
 *
 * @param entrySeconds for a name that exists
 * @param attributeSeconds for a node's attributes; never applied while {@link
 *     build.inputfs.fuse.vfs.Attributes#volatileNow}
 * @param negativeSeconds for a name that does not exist
 * @param directories whether it keeps the listings of directories
 * @param symlinks whether it keeps the targets of symlinks
 */
public record CachePolicy(
    long entrySeconds,
    long attributeSeconds,
    long negativeSeconds,
    boolean directories,
    boolean symlinks) {

  /** For ever: 68 years, which no kernel's clock arithmetic overflows on. */
  public static final long UNLIMITED = Integer.MAX_VALUE;

  /** For a filesystem that changes only by what is asked through its one mount. */
  public static final CachePolicy PRIVATE =
      new CachePolicy(UNLIMITED, UNLIMITED, UNLIMITED, true, true);

  /** Ask every time. */
  public static final CachePolicy NONE = new CachePolicy(0, 0, 0, false, false);

  public CachePolicy {
    if (outside(entrySeconds) || outside(attributeSeconds) || outside(negativeSeconds)) {
      throw new IllegalArgumentException("seconds must be within 0 and " + UNLIMITED);
    }
  }

  private static boolean outside(long seconds) {
    return seconds < 0 || seconds > UNLIMITED;
  }
}
