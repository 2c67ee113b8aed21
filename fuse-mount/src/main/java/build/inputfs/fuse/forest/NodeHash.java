package build.inputfs.fuse.forest;

import build.inputfs.cas.tree.InputDirectory;
import java.util.Arrays;

/**
 * Where a node's number starts to be looked for: a hash of what it is. Numbers have 56 bits, so
 * that an overlay can use the rest to tell its layers' disks apart.
 *
 * <p>Two different nodes may have the same hash; {@link ForestNodes} sees to it that they do not
 * get the same number.
 */
final class NodeHash {
  /** Numbers below this are given out in order, to the forest's own directories and to roots. */
  static final long FIRST = 1L << 32;

  static final long MASK = (1L << 56) - 1;

  /** The path hash of every tree's root. */
  static final long ROOT_PATH = 0x2545F4914F6CDD1DL;

  private static final long FACTOR = 0x9E3779B97F4A7C15L;

  private NodeHash() {}

  /** Path hash of an entry, from its directory's. */
  static long path(long directory, Listing listing, int index) {
    byte[] name = new byte[listing.nameLength(index)];
    listing.copyName(index, name, 0);
    long hash = directory;
    for (byte b : name) {
      hash = (hash ^ b) * 0x100000001B3L;
    }
    return mix(hash + FACTOR);
  }

  /** Of a file, symlink or whiteout: by path, content and executable bit. */
  static long leaf(long path, Listing listing, int index) {
    long content = listing.isWhiteout(index) ? 1 : content(listing, index);
    return number(mix(path ^ mix(content * FACTOR)));
  }

  private static long content(Listing listing, int index) {
    InputDirectory source = listing.source(index);
    int at = listing.sourceIndex(index);
    return switch (source.kind(at)) {
      case FILE ->
          mix(source.digest(at).hashCode() + source.fileSize(at) * FACTOR)
              + (source.executable(at) ? 1 : 0);
      case SYMLINK -> ~Arrays.hashCode(source.target(at));
      case DIRECTORY -> throw new IllegalArgumentException("a directory is known by its place");
    };
  }

  /** Of a directory: by place. */
  static long directory(long parentId, int index) {
    return number(mix(parentId * FACTOR + index));
  }

  /** The number to try when {@code number} is another node's. */
  static long next(long number) {
    return number(mix(number + FACTOR));
  }

  private static long number(long hash) {
    long number = hash & MASK;
    return number < FIRST ? number + FIRST : number;
  }

  private static long mix(long hash) {
    long mixed = (hash ^ (hash >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}
