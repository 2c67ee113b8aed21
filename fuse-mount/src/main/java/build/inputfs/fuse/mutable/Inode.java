package build.inputfs.fuse.mutable;

import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;

/**
 * Something in a view that has a state of its own: every directory that was looked up, and of the
 * rest what the action made or changed or holds open. An input left alone needs none: its directory
 * knows all about it.
 *
 * <p>Every field is guarded by the filesystem's lock, unless it says otherwise.
 */
abstract sealed class Inode permits DirectoryNode, FileNode, SymlinkNode, SpecialNode {
  static final int SET_GID = 02000;
  static final int PERMISSIONS = 07777;

  final long id;

  /** Permission bits, without the type. */
  int mode;

  int uid;
  int gid;

  /** How many names it has. */
  int nlink = 1;

  /** How often the transport was told of it and has not forgotten. */
  long lookups;

  /** How many files it counts as in the view's allowance, its further names aside. */
  int charge;

  /** How many of its names count as a file each. */
  int linkCharge;

  /** Whether it lost its last name and is still there. */
  boolean leaving;

  final Timestamps times = new Timestamps();

  Inode(long id, int mode, int uid, int gid) {
    this.id = id;
    this.mode = mode & PERMISSIONS;
    this.uid = uid;
    this.gid = gid;
  }

  /** The type's bits, one of {@link FileType}'s. */
  abstract int type();

  /** Fills in what the subclass knows: size and blocks, and a file's own times. */
  abstract void fillContent(Attributes out);

  /** Fills in all attributes, as far as they are known without asking the disk. */
  final void fill(Attributes out) {
    out.ino = id;
    out.mode = type() | mode;
    out.nlink = nlink;
    out.uid = uid;
    out.gid = gid;
    out.device = 0;
    out.volatileNow = false;
    times.fill(out);
    fillContent(out);
  }
}
