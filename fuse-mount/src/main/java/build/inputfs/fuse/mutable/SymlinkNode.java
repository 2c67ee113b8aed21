package build.inputfs.fuse.mutable;

import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileType;

/** A symlink. */
final class SymlinkNode extends Inode {
  /** Where it points, verbatim. */
  final byte[] target;

  SymlinkNode(long id, byte[] target, int uid, int gid) {
    super(id, 0777, uid, gid);
    this.target = target;
  }

  @Override
  int type() {
    return FileType.SYMLINK;
  }

  @Override
  void fillContent(Attributes out) {
    out.size = target.length;
    out.blocks = 0;
  }
}
