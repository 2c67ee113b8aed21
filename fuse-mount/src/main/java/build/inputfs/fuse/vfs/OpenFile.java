package build.inputfs.fuse.vfs;

/**
 * What a transport learns when it opens a file. A mutable record that a caller hands in to be
 * filled. Not thread-safe.
 */
public final class OpenFile {
  /**
   * Which bytes the node's content is stored in. It changes when the content moves to another file
   * (an input that becomes a private copy), so a transport that lets the kernel use the backing
   * file itself can tell when an earlier one is out of date.
   */
  public long content;

  /**
   * Whether the content is an input's, which never changes, and may be kept after the last close.
   */
  public boolean immutable;

  /**
   * Whether all that is read and written must come through the server, which counts what is
   * written: the kernel is not to use the backing file itself.
   */
  public boolean served;

  /**
   * Whether the content is still on its way, so that not all of it is there, nor known to be right:
   * the kernel is not to use the backing file itself, nor to keep what it has of the content.
   */
  public boolean arriving;
}
