package build.inputfs.cas.tree;

/**
 * What a tree holds when it is unfolded: a subtree that occurs twice counts twice. Numbers that
 * would pass {@link Long#MAX_VALUE} stay there.
 *
 * @param files regular files
 * @param directories directories, the root included
 * @param symlinks symbolic links
 * @param bytes of all files
 * @param depth directories on the longest way from the root down, the root included
 */
public record TreeSummary(long files, long directories, long symlinks, long bytes, int depth) {

  /** Files, directories and symlinks together, without the root. */
  public long entries() {
    return add(add(files, directories - 1), symlinks);
  }

  /** This tree with {@code child} as one more directory in its root. */
  TreeSummary with(TreeSummary child) {
    return new TreeSummary(
        add(files, child.files),
        add(directories, child.directories),
        add(symlinks, child.symlinks),
        add(bytes, child.bytes),
        Math.max(depth, child.depth + 1));
  }

  /** The sum of two numbers that are not negative. */
  static long add(long a, long b) {
    long sum = a + b;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }
}
