package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A directory put together from entries of input directories, other composed directories and
 * whiteouts: what skeletons, and the paths that lead to layers, are made of. Immutable.
 */
final class ComposedListing implements Listing {

  /** One entry. */
  @SuppressWarnings("ArrayRecordComponent") // never compared: names alone are, by their bytes
  private sealed interface Item {
    byte[] name();

    record Leaf(byte[] name, InputDirectory source, int index) implements Item {}

    record Subtree(byte[] name, Digest digest) implements Item {}

    record Composed(byte[] name, ComposedListing listing) implements Item {}

    record Whiteout(byte[] name) implements Item {}
  }

  private final Item[] items;
  private final @Nullable InputDirectory self;
  private final int directoryCount;

  private ComposedListing(Item[] items, @Nullable InputDirectory self) {
    this.items = items;
    this.self = self;
    int directories = 0;
    for (Item item : items) {
      directories += item instanceof Item.Subtree || item instanceof Item.Composed ? 1 : 0;
    }
    directoryCount = directories;
  }

  /** Puts a listing together. Not thread-safe; the entries may come in any order. */
  static final class Builder {
    private final List<Item> items = new ArrayList<>();
    private final @Nullable InputDirectory self;

    /**
     * A builder.
     *
     * @param self the input directory whose mode and time the directory has, or null
     */
    Builder(@Nullable InputDirectory self) {
      this.self = self;
    }

    /** Adds the entry {@code index} of {@code source}; a directory with all that is in it. */
    Builder add(InputDirectory source, int index) {
      byte[] name = source.name(index);
      items.add(
          source.kind(index) == Kind.DIRECTORY
              ? new Item.Subtree(name, source.digest(index))
              : new Item.Leaf(name, source, index));
      return this;
    }

    /** Adds a directory with all that is in it. */
    Builder add(byte[] name, Digest subtree) {
      items.add(new Item.Subtree(name, subtree));
      return this;
    }

    Builder add(byte[] name, ComposedListing composed) {
      items.add(new Item.Composed(name, composed));
      return this;
    }

    Builder addWhiteout(byte[] name) {
      items.add(new Item.Whiteout(name));
      return this;
    }

    ComposedListing build() {
      Item[] sorted = items.toArray(new Item[0]);
      Arrays.sort(sorted, (a, b) -> Arrays.compareUnsigned(a.name(), b.name()));
      return new ComposedListing(sorted, self);
    }
  }

  @Override
  public int size() {
    return items.length;
  }

  @Override
  public int find(byte[] name) {
    int low = 0;
    int high = items.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = Arrays.compareUnsigned(items[middle].name(), name);
      if (order == 0) {
        return middle;
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  @Override
  public int nameLength(int index) {
    return items[index].name().length;
  }

  @Override
  public void copyName(int index, byte[] target, int offset) {
    byte[] name = items[index].name();
    System.arraycopy(name, 0, target, offset, name.length);
  }

  @Override
  public boolean isWhiteout(int index) {
    return items[index] instanceof Item.Whiteout;
  }

  @Override
  public boolean isDirectory(int index) {
    return switch (items[index]) {
      case Item.Subtree subtree -> true;
      case Item.Composed composed -> true;
      case Item.Leaf leaf -> false;
      case Item.Whiteout whiteout -> false;
    };
  }

  @Override
  public @Nullable ComposedListing composed(int index) {
    return items[index] instanceof Item.Composed composed ? composed.listing : null;
  }

  @Override
  public Digest directoryDigest(int index) {
    if (items[index] instanceof Item.Subtree subtree) {
      return subtree.digest;
    }
    throw new IllegalArgumentException("entry " + index + " is no subtree");
  }

  @Override
  public InputDirectory source(int index) {
    return leaf(index).source;
  }

  @Override
  public int sourceIndex(int index) {
    return leaf(index).index;
  }

  private Item.Leaf leaf(int index) {
    if (items[index] instanceof Item.Leaf leaf) {
      return leaf;
    }
    throw new IllegalArgumentException("entry " + index + " is no file or symlink");
  }

  @Override
  public @Nullable InputDirectory self() {
    return self;
  }

  @Override
  public int directoryCount() {
    return directoryCount;
  }
}
