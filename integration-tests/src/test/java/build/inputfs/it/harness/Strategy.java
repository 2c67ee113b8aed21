package build.inputfs.it.harness;

import java.util.List;

/** A way to make a place. What is true of one must be true of all. */
public enum Strategy {
  /** A private copy on the native disk: what proves that a test asks for what a disk does. */
  REFERENCE(""),
  /** A view that the {@code fuse} strategy serves. */
  FUSE("fuse"),
  /**
   * The same without kernel passthrough, as a user other than root has it: by root of a user
   * namespace.
   */
  FUSE_CACHED("fuse"),
  /** The same over libfuse 2, which asks by path and makes an inode of each name. */
  FUSE_JNR("fuse"),
  /** A view by the kernel's overlayfs. */
  OVERLAY("overlay"),
  /**
   * The same as users other than root have it: places are made by root of a user namespace, and the
   * program is run by a user who has no privilege at all.
   */
  OVERLAY_USER("overlay"),
  /**
   * A real tree of links to the store's own files. Whoever overrides mode bits changes those: the
   * tests that do so are not for it, nor can it show an input's time and number of links.
   */
  HARDLINK("hardlink"),
  /** A real tree of clones, on a disk that has them. */
  CLONE("clone"),
  /** A real tree of copies. */
  COPY("copy");

  private final String option;

  Strategy(String option) {
    this.option = option;
  }

  /** What the program calls it. */
  public String option() {
    return option;
  }

  /** More options that the program needs to make views so. */
  public List<String> options() {
    return this == FUSE_JNR ? List.of("--transport", "jnr") : List.of();
  }

  /**
   * Whether it is libfuse 2 that is met: it knows neither flags of renameat2(2) nor O_TMPFILE,
   * tells no holes, makes an inode of each name, and has no path to what was a directory.
   */
  public boolean isByPath() {
    return this == FUSE_JNR;
  }

  /** Whether it is the kernel's overlayfs that is met. */
  public boolean isOverlay() {
    return this == OVERLAY || this == OVERLAY_USER;
  }

  /** Whether places are made by root of a user namespace, who is not root of the machine. */
  public boolean isInNamespace() {
    return this == FUSE_CACHED || this == OVERLAY_USER;
  }

  /** Whether input directories can be renamed; where they cannot, it is EXDEV, as between disks. */
  public boolean movesInputDirectories() {
    return this != OVERLAY_USER;
  }

  /** Whether a second name of an input is seen to be the same file. */
  public boolean linksInputs() {
    return this != OVERLAY_USER;
  }

  /** Whether a directory's link count tells how many directories it has; overlayfs says 1. */
  boolean countsDirectoryLinks() {
    return !isOverlay();
  }

  /** Whether the inputs of a place are its own, and not the inodes of the store. */
  public boolean hasInputsOfItsOwn() {
    return this != HARDLINK;
  }

  /** Why it does not run here; empty when it does. */
  String obstacle() {
    String asked = System.getProperty("inputfs.it.strategies", name());
    if (!List.of(asked.split(",", -1)).contains(name())) {
      return "the property inputfs.it.strategies asks for " + asked + " alone";
    }
    return switch (this) {
      case REFERENCE -> "";
      case FUSE -> Machine.fuseObstacle();
      case FUSE_JNR -> Machine.libfuseObstacle();
      case OVERLAY -> Machine.overlayObstacle();
      case FUSE_CACHED -> Machine.namespaceObstacle();
      case HARDLINK, COPY -> Machine.isRoot() ? "" : "only root can bind a tree to a place here";
      case CLONE -> Disk.XFS.obstacle();
      case OVERLAY_USER -> Machine.userObstacle();
    };
  }
}
