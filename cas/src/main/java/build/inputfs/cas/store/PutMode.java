package build.inputfs.cas.store;

/** How a file of the local disk gets into the store. */
public enum PutMode {
  /** Its bytes are copied. */
  COPY,
  /** Its extents are shared, copy-on-write: an error where the disk cannot. */
  REFLINK,
  /**
   * The file itself becomes the blob, by a hard link; its mode becomes 0444. The caller gives up
   * ownership: neither it nor anyone else may ever change the file again, by whatever name, and no
   * descriptor may be open for writing. A file that has several names already is copied instead.
   */
  LINK,
  /** {@link #REFLINK} where the disk can, else {@link #COPY}. */
  AUTO
}
