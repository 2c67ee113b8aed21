package build.inputfs.fuse.mutable;

import build.inputfs.cas.posix.FileStat;
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
          out.arriving = !contents.isWhole(file, input);
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
  void count(FileNode file, int flags, OpenFile out) {
    Contents.pin(file);
    if (writes(flags)) {
      file.writers++;
    }
    describe(file, out);
  }

  private void describe(FileNode file, OpenFile out) {
    out.arriving = false;
    out.content = Contents.token(file.content);
    out.served = contents.allowance.countsBytes() && file.content instanceof Content.Private;
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
          Content.Input arriving = contents.arriving(file);
          if (arriving != null) {
            return contents.readArriving(file, arriving, offset, length, address);
          }
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
          if (!contents.allowance.countsBytes()) {
            return write(file, descriptor, offset, length, address);
          }
          Charge charge = contents.own(file).charge();
          CountedFiles.Grant grant = contents.counted.take(descriptor, offset, offset + length);
          try {
            return write(file, descriptor, offset, grant.end() - offset, address);
          } finally {
            contents.counted.settle(charge, descriptor, grant.bytes());
          }
        });
  }

  private long write(FileNode file, int descriptor, long offset, long length, long address)
      throws Refusal {
    long done = 0;
    while (done < length) {
      long written = posix.pwrite(descriptor, address + done, length - done, offset + done);
      if (written <= 0 && done > 0) {
        return done; // the caller comes again for the rest, and is told why there is none
      }
      done += contents.result(written, file, "write");
    }
    return done;
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
            file -> {
              int descriptor = contents.descriptor(file);
              if (!contents.allowance.countsBytes()) {
                return contents.result(
                    posix.fallocate(descriptor, mode, offset, length), file, "fallocate");
              }
              Charge charge = contents.own(file).charge();
              boolean grows = (mode & Posix.FALLOC_GIVES_BACK) == 0;
              long taken =
                  grows ? contents.counted.takeAll(descriptor, offset, offset + length) : 0;
              int allocated = posix.fallocate(descriptor, mode, offset, length);
              if (grows && allocated == 0) {
                contents.counted.reserve(charge, offset + length);
              }
              contents.counted.settle(charge, descriptor, taken);
              return contents.result(allocated, file, "fallocate");
            });
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
                onFile(to, target -> copyRange(source, fromOffset, target, toOffset, length))));
  }

  private long copyRange(
      FileNode source, long fromOffset, FileNode target, long toOffset, long length)
      throws Refusal {
    int from = contents.descriptor(source);
    int to = contents.descriptor(target);
    if (!contents.allowance.countsBytes()) {
      return copyRange(from, fromOffset, target, to, toOffset, length);
    }
    FileStat stat = new FileStat();
    long there = posix.fstat(from, stat) < 0 ? length : stat.size() - fromOffset;
    if (there <= 0) {
      return 0;
    }
    Charge charge = contents.own(target).charge();
    CountedFiles.Grant grant =
        contents.counted.take(to, toOffset, toOffset + Math.min(length, there));
    try {
      return copyRange(from, fromOffset, target, to, toOffset, grant.end() - toOffset);
    } finally {
      contents.counted.settle(charge, to, grant.bytes());
    }
  }

  private long copyRange(
      int from, long fromOffset, FileNode target, int to, long toOffset, long length)
      throws Refusal {
    return contents.result(
        posix.copyFileRange(from, new long[] {fromOffset}, to, new long[] {toOffset}, length),
        target,
        "copy_file_range");
  }

  private static long positive(long result) throws Refusal {
    if (result < 0) {
      throw Refusal.of(Status.ofResult(result));
    }
    return result;
  }
}
