package build.inputfs.fuse.kernel;

import build.inputfs.fuse.mount.MountTable;

/**
 * How a filesystem is mounted.
 *
 * @param readOnly whether every change fails with EROFS before it reaches the filesystem
 * @param noAtime whether reading leaves access times as they are
 * @param allowOther whether processes of other users may enter. Root may always say so; another
 *     user only where {@code user_allow_other} is in {@code /etc/fuse.conf}, else it is left out.
 * @param passthrough whether the kernel may read and write backing files by itself, where it can
 *     and may (Linux 6.9, CAP_SYS_ADMIN)
 * @param caching what the kernel may remember
 * @param maxReaders how many threads may serve the mount at once; those that wait for a fetch count
 * @param ring whether requests come over io_uring where the kernel offers that: faster, but it
 *     takes a thread for each CPU, so it is for mounts that live long
 */
public record MountOptions(
    boolean readOnly,
    boolean noAtime,
    boolean allowOther,
    boolean passthrough,
    CachePolicy caching,
    int maxReaders,
    boolean ring,
    String source) {

  /** A writable mount of a private filesystem, as fast as the kernel allows. */
  public static final MountOptions PRIVATE =
      new MountOptions(false, true, true, true, CachePolicy.PRIVATE, 64, false, MountTable.SOURCE);

  public MountOptions {
    if (maxReaders < 1) {
      throw new IllegalArgumentException("a mount needs a reader");
    }
  }

  public MountOptions withReadOnly(boolean value) {
    return new MountOptions(
        value, noAtime, allowOther, passthrough, caching, maxReaders, ring, source);
  }

  public MountOptions withPassthrough(boolean value) {
    return new MountOptions(
        readOnly, noAtime, allowOther, value, caching, maxReaders, ring, source);
  }

  public MountOptions withCaching(CachePolicy value) {
    return new MountOptions(
        readOnly, noAtime, allowOther, passthrough, value, maxReaders, ring, source);
  }

  public MountOptions withMaxReaders(int value) {
    return new MountOptions(
        readOnly, noAtime, allowOther, passthrough, caching, value, ring, source);
  }

  public MountOptions withRing(boolean value) {
    return new MountOptions(
        readOnly, noAtime, allowOther, passthrough, caching, maxReaders, value, source);
  }

  public MountOptions withSource(String value) {
    return new MountOptions(
        readOnly, noAtime, allowOther, passthrough, caching, maxReaders, ring, value);
  }
}
