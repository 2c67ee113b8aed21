package build.inputfs.fuse.mutable;

import build.inputfs.fuse.vfs.Attributes;

/**
 * A FIFO, a socket or a device: a name for something that lives in the kernel. A device is inert,
 * as views are mounted {@code nodev}: it can be listed, renamed and removed, but not opened.
 */
final class SpecialNode extends Inode {
  private final int type;
  private final int device;

  SpecialNode(long id, int type, int device, int mode, int uid, int gid) {
    super(id, mode, uid, gid);
    this.type = type;
    this.device = device;
  }

  @Override
  int type() {
    return type;
  }

  @Override
  void fillContent(Attributes out) {
    out.device = device;
    out.size = 0;
    out.blocks = 0;
  }
}
