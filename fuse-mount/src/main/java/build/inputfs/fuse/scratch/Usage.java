package build.inputfs.fuse.scratch;

/**
 * What is in a scratch.
 *
 * @param bytes that its files take
 * @param files how many there are
 */
record Usage(long bytes, long files) {
  static final Usage NOTHING = new Usage(0, 0);

  Usage minus(Usage other) {
    return new Usage(bytes - other.bytes, files - other.files);
  }
}
