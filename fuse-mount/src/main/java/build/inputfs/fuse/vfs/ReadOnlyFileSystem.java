package build.inputfs.fuse.vfs;

/** A filesystem that refuses every change, and whose files need no open. */
public abstract class ReadOnlyFileSystem implements FileSystem {

  @Override
  public final Status setattr(long node, AttributeChange change, Attributes out) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status mknod(
      Caller caller, long parent, byte[] name, int mode, int device, Entry out) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status mkdir(Caller caller, long parent, byte[] name, int mode, Entry out) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status symlink(Caller caller, long parent, byte[] name, byte[] target, Entry out) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status link(long node, long newParent, byte[] newName, Entry out) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status unlink(long parent, byte[] name) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status rmdir(long parent, byte[] name) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status rename(long parent, byte[] name, long newParent, byte[] newName, int flags) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status create(
      Caller caller, long parent, byte[] name, int mode, int flags, Entry out, OpenFile file) {
    return Status.READ_ONLY;
  }

  @Override
  public final Status tmpfile(
      Caller caller, long parent, int mode, int flags, Entry out, OpenFile file) {
    return Status.READ_ONLY;
  }

  /** Not implemented: a transport that hears this once opens every file by itself from then on. */
  @Override
  public final Status open(long node, int flags, OpenFile out) {
    return Status.NOT_IMPLEMENTED;
  }

  @Override
  public final void release(long node, int flags) {
    // Nothing was opened.
  }

  @Override
  public final int backingDescriptor(long node, int flags) {
    return Status.NOT_IMPLEMENTED.asResult();
  }

  @Override
  public final long write(long node, long offset, long length, long address) {
    return Status.READ_ONLY.asResult();
  }

  @Override
  public final Status fsync(long node, boolean dataOnly) {
    return Status.OK;
  }

  @Override
  public final Status fallocate(long node, int mode, long offset, long length) {
    return Status.READ_ONLY;
  }

  @Override
  public final long copyRange(long from, long fromOffset, long to, long toOffset, long length) {
    return Status.READ_ONLY.asResult();
  }
}
