package build.inputfs.fuse.mutable;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.OpenFile;
import build.inputfs.fuse.vfs.Status;

/**
 * The operations on open files: one method for each of {@link MutableFileSystem}'s, with the same
 * contract.
 */
final class OpenFiles {
  private final Posix posix;
  private final Tree tree;
  private final Contents contents;

  OpenFiles(Posix posix, Tree tree, Contents contents) {
    this.posix = posix;
    this.tree = tree;
    this.contents = contents;
  }

  Status open(long id, int flags, OpenFile out) {
    boolean truncating = (flags & Posix.O_TRUNC) != 0;
    FileNode file;
    Content content;
    tree.lock.lock();
    try {
      file = tree.file(id);
      content = file.content;
      count(file, flags, out);
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
    try {
      if (!truncating && !writes(flags)) {
        if (content instanceof Content.Input input) {
          contents.locate(file, input, "open");
        }
        return Status.OK;
      }
      if (truncating) {
        contents.truncate(file, 0);
      } else {
        contents.makePrivate(file, Long.MAX_VALUE);
      }
    } catch (Refusal refusal) {
      contents.unpin(file, writes(flags));
      return refusal.status;
    }
    tree.lock.lock();
    try {
      describe(file, out);
      return Status.OK;
    } finally {
      tree.lock.unlock();
    }
  }

  private static boolean writes(int flags) {
    return (flags & Posix.O_ACCMODE) != Posix.O_RDONLY;
  }

  /** Counts one more open. With the lock. */
  static void count(FileNode file, int flags, OpenFile out) {
    Contents.pin(file);
    if (writes(flags)) {
      file.writers++;
    }
    describe(file, out);
  }

  private static void describe(FileNode file, OpenFile out) {
    out.content = Contents.token(file.content);
    out.immutable = file.content instanceof Content.Input;
  }

  void release(long id, int flags) {
    FileNode file;
    tree.lock.lock();
    try {
      if (!(tree.table.get(id) instanceof FileNode open)) {
        return;
      }
      file = open;
    } finally {
      tree.lock.unlock();
    }
    contents.unpin(file, writes(flags));
  }

  /** An operation on the bytes of an open file. */
  private interface FileCall {
    long call(FileNode file) throws Refusal;
  }

  private long onFile(long id, FileCall call) {
    try {
      FileNode file;
      tree.lock.lock();
      try {
        file = tree.file(id);
      } finally {
        tree.lock.unlock();
      }
      return call.call(file);
    } catch (Refusal refusal) {
      return refusal.status.asResult();
    }
  }

  int backingDescriptor(long id) {
    return (int) onFile(id, contents::newDescriptor);
  }

  long read(long id, long offset, long length, long address) {
    return onFile(
        id,
        file -> {
          int descriptor = contents.descriptor(file);
          long done = 0;
          while (done < length) {
            long read =
                contents.result(
                    posix.pread(descriptor, address + done, length - done, offset + done),
                    file,
                    "read");
            if (read == 0) {
              break;
            }
            done += read;
          }
          return done;
        });
  }

  long write(long id, long offset, long length, long address) {
    return onFile(
        id,
        file -> {
          int descriptor = contents.descriptor(file);
          long done = 0;
          while (done < length) {
            done +=
                contents.result(
                    posix.pwrite(descriptor, address + done, length - done, offset + done),
                    file,
                    "write");
          }
          return done;
        });
  }

  Status fsync(long id, boolean dataOnly) {
    FileNode file;
    tree.lock.lock();
    try {
      if (!(tree.table.get(id) instanceof FileNode open)
          || !(open.content instanceof Content.Private)) {
        return Status.OK; // names live no longer than the view, inputs are safe
      }
      file = open;
    } finally {
      tree.lock.unlock();
    }
    try {
      contents.result(
          posix.fsync(contents.descriptor(file), dataOnly), file, dataOnly ? "fdatasync" : "fsync");
      return Status.OK;
    } catch (Refusal refusal) {
      return refusal.status;
    }
  }

  Status fallocate(long id, int mode, long offset, long length) {
    long result =
        onFile(
            id,
            file ->
                contents.result(
                    posix.fallocate(contents.descriptor(file), mode, offset, length),
                    file,
                    "fallocate"));
    return Status.ofResult(result);
  }

  long seek(long id, long offset, int whence) {
    return onFile(
        id,
        file ->
            contents.result(posix.lseek(contents.descriptor(file), offset, whence), file, "lseek"));
  }

  long copyRange(long from, long fromOffset, long to, long toOffset, long length) {
    return onFile(
        from,
        source ->
            positive(
                onFile(
                    to,
                    target ->
                        contents.result(
                            posix.copyFileRange(
                                contents.descriptor(source),
                                new long[] {fromOffset},
                                contents.descriptor(target),
                                new long[] {toOffset},
                                length),
                            target,
                            "copy_file_range"))));
  }

  private static long positive(long result) throws Refusal {
    if (result < 0) {
      throw Refusal.of(Status.ofResult(result));
    }
    return result;
  }
}
