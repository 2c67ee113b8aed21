package build.inputfs.fuse.vfs;

/**
 * A filesystem that a transport can serve.
 *
 * <p>Nodes are named by numbers from 1 to 2^62 - 1; {@link #ROOT} is the root directory. A node
 * stays valid while its lookup count is above zero: every {@link Entry} that is handed out counts
 * one, {@link #forget} takes them back. Names are bytes, as in the kernel, without a NUL, a slash,
 * or more than 255 of them; {@code .} and {@code ..} never reach a filesystem. Mode bits are
 * checked by the transport (in the kernel: {@code default_permissions}), not here; so is that the
 * parent of a name is a directory.
 *
 * <p>Any thread may call any method at any time, several at once. A method may block on the disk.
 * No method throws: whatever fails inside becomes {@link Status#IO_ERROR} and is recorded by the
 * filesystem. The records that are handed in are the caller's and are filled before the method
 * returns; what they hold after a status other than {@link Status#OK} means nothing.
 */
public interface FileSystem {
  /** The root directory. It needs no lookup and is never forgotten. */
  long ROOT = 1;

  /** Finds {@code name} in {@code parent}. */
  Status lookup(long parent, byte[] name, Entry out);

  /** Takes back {@code count} lookups of {@code node}, which the kernel no longer knows at zero. */
  void forget(long node, long count);

  Status getattr(long node, Attributes out);

  /** Applies {@code change} and gives the attributes after it. Truncation makes a private copy. */
  Status setattr(long node, AttributeChange change, Attributes out);

  /**
   * The target of a symlink, or null where {@code node} is none. The array is not to be changed.
   */
  byte @org.jspecify.annotations.Nullable [] readlink(long node);

  /**
   * Creates a regular file, FIFO, socket or device. Who may make a device, and that nobody can open
   * it, is the transport's to see to.
   *
   * @param mode file type and permission bits, the umask already applied
   * @param device as {@link Attributes#device}
   */
  Status mknod(Caller caller, long parent, byte[] name, int mode, int device, Entry out);

  Status mkdir(Caller caller, long parent, byte[] name, int mode, Entry out);

  Status symlink(Caller caller, long parent, byte[] name, byte[] target, Entry out);

  Status link(long node, long newParent, byte[] newName, Entry out);

  Status unlink(long parent, byte[] name);

  Status rmdir(long parent, byte[] name);

  /**
   * Renames as renameat2(2) does.
   *
   * @param flags 0, {@link build.inputfs.cas.posix.Posix#RENAME_NOREPLACE} or {@link
   *     build.inputfs.cas.posix.Posix#RENAME_EXCHANGE}
   */
  Status rename(long parent, byte[] name, long newParent, byte[] newName, int flags);

  /**
   * Creates and opens a regular file: as {@link #mknod} and {@link #open} at once. {@link
   * Status#EXISTS} where the name exists.
   */
  Status create(
      Caller caller, long parent, byte[] name, int mode, int flags, Entry out, OpenFile file);

  /** Creates and opens a regular file without a name in {@code parent}: O_TMPFILE of open(2). */
  Status tmpfile(Caller caller, long parent, int mode, int flags, Entry out, OpenFile file);

  /**
   * Opens a regular file. Each success is undone by one {@link #release} with the same flags.
   *
   * @param flags as of open(2): the access mode and O_TRUNC matter
   */
  Status open(long node, int flags, OpenFile out);

  /** The end of an {@link #open}, {@link #create} or {@link #tmpfile}. */
  void release(long node, int flags);

  /**
   * A new descriptor of the file that holds an open node's content, for the kernel to read and
   * write by itself. The caller closes it.
   *
   * @param flags those of the open
   * @return the descriptor, or a negative {@link Status#asResult}
   */
  int backingDescriptor(long node, int flags);

  /**
   * Reads from an open node.
   *
   * @param address native memory with room for {@code length} bytes
   * @return the number of bytes, short only at the end of the file, or the negated ordinal of a
   *     status
   */
  long read(long node, long offset, long length, long address);

  /**
   * Writes to an open node.
   *
   * @return the number of bytes, short only where there is no room for the rest, or a negative
   *     {@link Status#asResult}
   */
  long write(long node, long offset, long length, long address);

  /** fsync(2) and fdatasync(2) of an open file, and of a directory. */
  Status fsync(long node, boolean dataOnly);

  /** fallocate(2) of a node that is open for writing. */
  Status fallocate(long node, int mode, long offset, long length);

  /**
   * lseek(2) with SEEK_DATA or SEEK_HOLE.
   *
   * @return the offset, or a negative {@link Status#asResult}
   */
  long seek(long node, long offset, int whence);

  /**
   * copy_file_range(2) between open nodes.
   *
   * @return the number of bytes copied, or a negative {@link Status#asResult}
   */
  long copyRange(long from, long fromOffset, long to, long toOffset, long length);

  /**
   * Lists a directory without {@code .} and {@code ..}, which have the offsets 1 and 2.
   *
   * @param offset 2 for the first entry, else one that the sink was given as {@code next}; it stays
   *     good while entries come and go
   */
  Status readdir(long node, long offset, DirectorySink sink);

  /** The parent of a directory, for {@code ..}; the root's is the root. */
  long parent(long directory);

  Status statfs(FileSystemUsage out);
}
