package build.inputfs.fuse.mutable;

import build.inputfs.fuse.vfs.Attributes;

/** A FIFO or a socket: a name for something that lives in the kernel. */
final class SpecialNode extends Inode {
  private final int type;

  SpecialNode(long id, int type, int mode, int uid, int gid) {
    super(id, mode, uid, gid);
    this.type = type;
  }

  @Override
  int type() {
    return type;
  }

  @Override
  void fillContent(Attributes out) {
    out.size = 0;
    out.blocks = 0;
  }
}
