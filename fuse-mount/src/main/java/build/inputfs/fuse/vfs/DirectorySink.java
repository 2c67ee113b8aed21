package build.inputfs.fuse.vfs;

/**
 * Where {@link FileSystem#readdir} puts what it lists. Called on the thread that called readdir,
 * with the filesystem's lock held: an implementation copies and returns, and calls nothing back.
 */
public interface DirectorySink {

  /** Whether an entry with a name of so many bytes still fits. */
  boolean hasRoom(int nameLength);

  /**
   * Whether nodes are wanted: then each entry listed counts as a lookup, as in {@link Entry#node}.
   */
  boolean wantsNodes();

  /**
   * One entry. Only {@code attributes.ino} and the file type in {@code attributes.mode} are filled
   * where {@code entry.node} is 0.
   *
   * @param names holds the name's bytes
   * @param start where in {@code names} the name starts
   * @param length its length in bytes
   * @param entry what it names; the sink must not keep it
   * @param next the offset from which a later call goes on behind this entry
   */
  void add(byte[] names, int start, int length, Entry entry, long next);
}
