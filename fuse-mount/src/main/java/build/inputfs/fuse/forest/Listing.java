package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import org.jspecify.annotations.Nullable;

/**
 * What is in a directory of the forest: entries sorted by the bytes of their names, addressed by
 * index. Immutable.
 *
 * <p>An entry is a whiteout; a directory, which has a listing here or a digest; or a file or
 * symlink of an input directory: then {@link #source} and {@link #sourceIndex} say which.
 */
sealed interface Listing permits PlainListing, ComposedListing {

  int size();

  /** Index of the entry called {@code name}, or -1. */
  int find(byte[] name);

  int nameLength(int index);

  void copyName(int index, byte[] target, int offset);

  /** Whether the entry says that the name does not exist in the layers below. */
  boolean isWhiteout(int index);

  /** The listing of an entry that is a composed directory, or null. */
  @Nullable ComposedListing composed(int index);

  /** The digest of an entry that is a directory and not composed. */
  Digest directoryDigest(int index);

  /** The input directory that the entry, a file or symlink, is taken from. */
  InputDirectory source(int index);

  /** Its index there. */
  int sourceIndex(int index);

  /** The input directory whose mode and time this directory has, or null for the default ones. */
  @Nullable InputDirectory self();

  /** How many entries are directories. */
  int directoryCount();

  boolean isDirectory(int index);

  default byte[] name(int index) {
    byte[] name = new byte[nameLength(index)];
    copyName(index, name, 0);
    return name;
  }
}
