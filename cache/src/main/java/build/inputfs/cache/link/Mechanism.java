package build.inputfs.cache.link;

/** How the files of a tree come from the store, the cheapest first: each can stand in before it. */
public enum Mechanism {
  /**
   * Hard links: a file is its blob's own inode, with that inode's owner and times. For readers that
   * the mode bits bind.
   */
  LINK("hardlink"),
  /** Files of their own that share extents with their blobs, copy-on-write: ioctl_ficlone(2). */
  CLONE("clone"),
  /** Files of their own, copied by copy_file_range(2). */
  COPY("copy");

  private final String label;

  Mechanism(String label) {
    this.label = label;
  }

  /** Its name on the command line. */
  public String label() {
    return label;
  }
}
