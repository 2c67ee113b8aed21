package build.inputfs.app.bench;

/**
 * How large the work set is.
 *
 * @param factor 1 for the sizes that the methods tell; less for quicker, rougher figures
 */
record Scale(double factor) {

  Scale {
    if (!(factor > 0 && factor <= 1)) {
      throw new IllegalArgumentException("the scale must be above 0 and at most 1");
    }
  }

  /** {@code full} at this scale, and at least 1. */
  int of(int full) {
    return (int) Math.max(1, Math.round(full * factor));
  }

  /** A number of bytes at this scale: whole megabytes. */
  long megabytes(int full) {
    return (long) of(full) << 20;
  }
}
