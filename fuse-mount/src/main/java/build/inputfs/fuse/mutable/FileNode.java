package build.inputfs.fuse.mutable;

import build.inputfs.cas.posix.FileStat;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;
import org.jspecify.annotations.Nullable;

/**
 * A regular file that was made, changed or is open.
 *
 * <p>Size and times of a private file are those of its scratch file, where the kernel or {@link
 * MutableFileSystem#write} writes. What is kept here is a copy, which is out of date while somebody
 * has the file open for writing, and until it is read again after the last of them has gone.
 */
final class FileNode extends Inode {
  Content content;

  /** The input directory and index that it is still the untouched entry of, or null. */
  @Nullable DirectoryNode origin;

  int originIndex;

  private final DirectoryNode firstParent;
  private final byte[] firstName;

  int opens;
  int writers;

  /** Whether the scratch file may know better than {@link #size} and the times. */
  private boolean stale;

  private long size;
  private long blocks;

  /** Descriptor of the content for as long as the file is open, or -1: made on first need. */
  int descriptor = -1;

  /** Whether {@link #descriptor} was made by create and nobody has used it yet. */
  boolean descriptorUnused;

  /** A descriptor of the content that was, which readers may still be using; or -1. */
  int retiredDescriptor = -1;

  FileNode(
      long id,
      Content content,
      DirectoryNode firstParent,
      byte[] firstName,
      long size,
      int mode,
      int uid,
      int gid) {
    super(id, mode, uid, gid);
    this.content = content;
    this.firstParent = firstParent;
    this.firstName = firstName;
    setSize(size, (size + 511) / 512);
  }

  @Override
  int type() {
    return FileType.REGULAR;
  }

  @Override
  void fillContent(Attributes out) {
    out.size = size;
    out.blocks = blocks;
    out.volatileNow = writers > 0;
  }

  /**
   * Its first name, for the record of failures: in the tree for an input, as the action made it for
   * others. Needs no lock: a rename above it at the same moment only blurs the message.
   */
  String path() {
    return firstParent.pathOf(firstName);
  }

  private void setSize(long newSize, long newBlocks) {
    size = newSize;
    blocks = newBlocks;
  }

  /** Whether the scratch file must be asked before the attributes are right. */
  boolean needsStat() {
    return content instanceof Content.Private && (stale || writers > 0);
  }

  /** Notes that the scratch file has changed, or may have. */
  void invalidate() {
    stale = true;
  }

  /** Takes over what the scratch file says. */
  void refresh(FileStat stat) {
    setSize(stat.size(), stat.blocks());
    times.setAtime(stat.atimeSeconds(), stat.atimeNanos());
    times.setMtime(stat.mtimeSeconds(), stat.mtimeNanos());
    times.raiseCtime(stat.ctimeSeconds(), stat.ctimeNanos());
    stale = writers > 0;
  }
}
