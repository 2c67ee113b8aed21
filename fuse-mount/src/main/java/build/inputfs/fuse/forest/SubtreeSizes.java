package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * How many entries there are below a directory, counted once per digest and kept. Thread-safe.
 *
 * <p>Counting stops as soon as it is clear that there are many, or when it would have to read too
 * much: to place a layer it is enough to know that a subtree is large.
 */
final class SubtreeSizes {
  private static final int KEPT = 200_000;

  private final TreeReader reader;
  private final Cache<Digest, Integer> known = Caffeine.newBuilder().maximumSize(KEPT).build();

  SubtreeSizes(TreeReader reader) {
    this.reader = reader;
  }

  /** A limit on how many directories may be read. Not thread-safe. */
  static final class Budget {
    private int directories;

    Budget(int directories) {
      this.directories = directories;
    }

    boolean take() {
      return directories-- > 0;
    }
  }

  /** The result of {@link #atLeast}. */
  enum Answer {
    YES,
    NO,
    /** The budget is used up. */
    UNKNOWN
  }

  /**
   * Whether there are at least {@code count} entries below {@code digest}.
   *
   * @throws IOException when a directory cannot be read
   */
  Answer atLeast(Digest digest, int count, Budget budget) throws IOException {
    Integer size = size(digest, count, budget);
    return size == null ? Answer.UNKNOWN : size >= count ? Answer.YES : Answer.NO;
  }

  /**
   * How many entries there are below {@code digest}, but not above {@code most}; 0 when the budget
   * is used up.
   *
   * @throws IOException when a directory cannot be read
   */
  int count(Digest digest, int most, Budget budget) throws IOException {
    Integer size = size(digest, most, budget);
    return size == null ? 0 : Math.min(size, most);
  }

  /**
   * Counts entries, at least up to {@code enough}. Returns null when the budget is used up.
   *
   * <p>What is kept is the size, or, where counting stopped early, its negated lower bound.
   */
  private @Nullable Integer size(Digest digest, int enough, Budget budget) throws IOException {
    Integer before = known.getIfPresent(digest);
    if (before != null && (before >= 0 || -before >= enough)) {
      return Math.abs(before);
    }
    if (!budget.take()) {
      return null;
    }
    InputDirectory directory = reader.directory(digest);
    int size = directory.size();
    boolean whole = true;
    for (int i = 0; i < directory.size(); i++) {
      if (directory.kind(i) != Kind.DIRECTORY) {
        continue;
      }
      if (size >= enough) {
        whole = false;
        break;
      }
      Digest below = directory.digest(i);
      Integer more = size(below, enough - size, budget);
      if (more == null) {
        return null;
      }
      size += more;
      Integer kept = known.getIfPresent(below);
      whole &= kept != null && kept >= 0;
    }
    known.put(digest, whole ? size : -size);
    return size;
  }
}
