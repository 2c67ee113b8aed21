package build.inputfs.cache.view;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What is in a view, for the process that made it: read without the mount. Symlinks are themselves
 * throughout.
 */
public interface ViewTree {

  /**
   * Finds what is at {@code path}, relative to the view's root with {@code /} between its parts;
   * the empty path is the root. A part in the middle that is a symlink is not followed.
   *
   * @return null where there is nothing
   * @throws IOException when the store fails
   */
  @Nullable Node find(String path) throws IOException;

  /** One thing in a view. */
  sealed interface Node {}

  /**
   * A regular file: either an input's content, or the view's own.
   *
   * @param digest the content's digest where it is an input's, which is in the store; else null
   * @param content else a file on the local disk with the content, not to be changed; null where
   *     there is a digest
   * @param size in bytes
   * @param mode permission bits
   * @param mtimeSeconds modification time since the epoch
   * @param mtimeNanos the part of it below a second
   */
  record RegularFile(
      @Nullable Digest digest,
      @Nullable Path content,
      long size,
      int mode,
      long mtimeSeconds,
      int mtimeNanos)
      implements Node {

    /** Whether its owner may execute it. */
    public boolean executable() {
      return (mode & 0100) != 0;
    }
  }

  /** A symlink with its target, verbatim. */
  record SymbolicLink(String target) implements Node {}

  /** A FIFO, a socket or a device: {@code type} says which, for messages. */
  record Special(String type) implements Node {}

  /** A directory. */
  non-sealed interface Directory extends Node {

    /** Its digest where it is an input directory with nothing changed in it, or null. */
    @Nullable Digest digest();

    /** Everything in it, sorted by the bytes of the names. */
    List<Child> children() throws IOException;
  }

  /** A name in a directory and what it names. */
  record Child(String name, Node node) {}
}
