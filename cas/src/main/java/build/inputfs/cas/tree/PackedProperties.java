package build.inputfs.cas.tree;

/**
 * The modes and times of a directory's entries, by index; the last element is the directory itself.
 * Immutable after it is filled.
 */
final class PackedProperties {
  private static final int NONE = -1;

  private final int[] modes;
  private final long[] seconds;
  private final int[] nanos;

  PackedProperties(int size) {
    modes = new int[size];
    seconds = new long[size];
    nanos = new int[size];
  }

  /** {@code mode} and {@code nanos} are -1 when there is none. */
  void set(int index, int mode, long seconds, int nanos) {
    this.modes[index] = mode;
    this.seconds[index] = seconds;
    this.nanos[index] = nanos;
  }

  int mode(int index) {
    return modes[index];
  }

  boolean hasMtime(int index) {
    return nanos[index] != NONE;
  }

  long seconds(int index) {
    return seconds[index];
  }

  int nanos(int index) {
    return nanos[index];
  }

  long weight() {
    return 72 + 16L * modes.length;
  }
}
