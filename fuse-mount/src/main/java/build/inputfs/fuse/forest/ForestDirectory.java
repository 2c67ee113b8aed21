package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A directory of the forest that the kernel knows: a place, with the listing that is shown there.
 * Thread-safe: all is final but the listing, which is set once or more to equal values.
 */
final class ForestDirectory {
  final long id;

  /** The directory it is in; null for the root of a tree, skeleton or layer. */
  final @Nullable ForestDirectory parent;

  /** Its index in the parent's listing. */
  final int index;

  /** Stands for its path within its tree, whichever tree that is. */
  final long pathHash;

  /** The input directory that its listing is read from, or null where the listing is composed. */
  final @Nullable Digest digest;

  private volatile @Nullable Listing listing;

  ForestDirectory(
      long id,
      @Nullable ForestDirectory parent,
      int index,
      long pathHash,
      @Nullable Digest digest,
      @Nullable Listing listing) {
    this.id = id;
    this.parent = parent;
    this.index = index;
    this.pathHash = pathHash;
    this.digest = digest;
    this.listing = listing;
  }

  /** Its listing, or null while it has not been read. */
  @Nullable Listing listing() {
    return listing;
  }

  /** Its listing, which has been read: its entries are known by number. */
  Listing loaded() {
    Listing known = listing;
    if (known == null) {
      throw new IllegalStateException("directory " + id + " was not read");
    }
    return known;
  }

  void setListing(Listing read) {
    listing = read;
  }

  /** Path within its tree; empty for the tree's root. */
  String path() {
    return parent == null ? "" : parent.pathOf(index);
  }

  /** Path of an entry within the tree. */
  String pathOf(int entry) {
    String name = new String(loaded().name(entry), StandardCharsets.UTF_8);
    String above = path();
    return above.isEmpty() ? name : above + "/" + name;
  }
}
