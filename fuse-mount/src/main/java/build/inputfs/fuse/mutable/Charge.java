package build.inputfs.fuse.mutable;

/** What one private file takes of its view's {@link Allowance}. Guarded by its own monitor. */
final class Charge {
  /** What was taken for it, in bytes. */
  long bytes;

  /** Up to where space was asked for by fallocate(2), which may be behind the file's end. */
  long reservedTo;
}
