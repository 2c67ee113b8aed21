package build.inputfs.cas.store;

/** Whether a store may be written. */
public enum StoreAccess {
  READ_WRITE,
  /** Nothing below the store's folder is ever created, changed or removed. */
  READ_ONLY,
  /**
   * {@link #READ_WRITE} where the folder's mode bits and its disk allow it, or where there is no
   * folder yet; else {@link #READ_ONLY}. The bits count for root too.
   */
  AUTOMATIC
}
