package build.inputfs.fuse.mutable;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names in a directory that its input tree does not have, in the order they came. Guarded by
 * the filesystem's lock.
 *
 * <p>Each name gets a number, one higher than the last, that a listing can go on from while names
 * come and go. The list is sorted by number; one that is removed leaves a gap, and the list is
 * rewritten when half of it is gaps, so that every operation takes amortized logarithmic time.
 */
final class AddedNames {

  /** One name: {@code node} is null once it was removed. */
  static final class Added {
    final byte[] name;
    final long number;
    @Nullable Inode node;

    private Added(byte[] name, long number, Inode node) {
      this.name = name;
      this.number = number;
      this.node = node;
    }
  }

  private final Map<Name, Added> byName = new HashMap<>();
  private List<Added> byNumber = new ArrayList<>();
  private long nextNumber;

  int size() {
    return byName.size();
  }

  @Nullable Inode get(byte[] name) {
    Added found = byName.get(new Name(name));
    return found == null ? null : found.node;
  }

  /** Adds {@code name}, or gives it another node in its place. */
  void put(byte[] name, Inode node) {
    Added found = byName.get(new Name(name));
    if (found != null) {
      found.node = node;
      return;
    }
    Added added = new Added(name, nextNumber++, node);
    byName.put(new Name(name), added);
    byNumber.add(added);
  }

  /** Removes {@code name}; it must be there. */
  void remove(byte[] name) {
    Added removed = byName.remove(new Name(name));
    if (removed != null) {
      removed.node = null;
    }
    if (byNumber.size() > 32 && byName.size() < byNumber.size() / 2) {
      List<Added> left = new ArrayList<>(byName.size());
      for (Added added : byNumber) {
        if (added.node != null) {
          left.add(added);
        }
      }
      byNumber = left;
    }
  }

  /** The first position in {@link #at} whose number is at least {@code number}. */
  int position(long number) {
    int low = 0;
    int high = byNumber.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (byNumber.get(middle).number < number) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** How many positions there are, gaps included. */
  int positions() {
    return byNumber.size();
  }

  Added at(int position) {
    return byNumber.get(position);
  }
}
