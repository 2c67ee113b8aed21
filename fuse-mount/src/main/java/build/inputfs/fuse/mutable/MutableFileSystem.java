package build.inputfs.fuse.mutable;

import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.Kind;
import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.OpenFile;
import build.inputfs.fuse.vfs.Status;
import build.inputfs.fuse.vfs.StatusErrno;
import org.jspecify.annotations.Nullable;

/**
 * A private, writable filesystem over an immutable input tree: what one view of the {@code fuse}
 * strategy serves.
 *
 * <p>Names and nodes are the {@link Tree}'s, bytes the {@link Contents}'. An operation takes the
 * tree's lock, makes sure that the directories it needs are loaded, which may release the lock for
 * a while, and does the rest in one go. I/O comes before or after that, on files that are pinned
 * meanwhile.
 */
public final class MutableFileSystem implements FileSystem {
  private final Posix posix;
  private final Scratch scratch;
  private final Tree tree;
  private final Contents contents;
  private final NameChanges names;
  private final OpenFiles files;

  MutableFileSystem(Posix posix, Scratch scratch, Tree tree, Contents contents) {
    this.posix = posix;
    this.scratch = scratch;
    this.tree = tree;
    this.contents = contents;
    files = new OpenFiles(posix, tree, contents);
    names = new NameChanges(posix, tree, contents, files);
  }

  @Override
  public Status lookup(long parent, byte[] name, Entry out) {
    if (name.length > NameChanges.MAX_NAME) {
      return Status.NAME_TOO_LONG;
    }
    Inode found;
    tree.lock.lock();
    try {
      while (true) {
        DirectoryNode directory = tree.directory(parent);
        int index = directory.untouched(name);
        if (index >= 0 && directory.input().kind(index) != Kind.DIRECTORY) {
          directory.countLookup(index);
          out.node = directory.entryId(index);
          tree.fillUntouched(directory, index, out.attributes);
          return Status.OK;
        }
        found = index >= 0 ? tree.touch(directory, index) : directory.named(name);
        if (!(found instanceof DirectoryNode child) || child.loaded()) {
          break;
        }
        tree.load(child); // released the lock: look again
      }
      if (found == null) {
        return Status.NOT_FOUND;
      }
      found.lookups++;
      out.node = found.id;
      found.fill(out.attributes);
      if (!(found instanceof FileNode file) || !file.needsStat()) {
        return Status.OK;
      }
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
    Status status = contents.refreshed((FileNode) found, out.attributes);
    if (status != Status.OK) {
      forget(found.id, 1);
    }
    return status;
  }

  @Override
  public void forget(long id, long count) {
    Content.@Nullable Private doomed = null;
    tree.lock.lock();
    try {
      Inode node = tree.table.get(id);
      if (node != null) {
        node.lookups -= count;
        doomed = contents.dropIfUnused(node);
      } else {
        DirectoryNode owner = tree.table.owner(id);
        if (owner != null) {
          owner.forgetLookups(owner.entryIndex(id), count);
        }
      }
    } finally {
      tree.lock.unlock();
    }
    contents.remove(doomed);
  }

  @Override
  public Status getattr(long id, Attributes out) {
    FileNode file;
    tree.lock.lock();
    try {
      Inode node = tree.table.get(id);
      if (node == null) {
        DirectoryNode owner = tree.table.owner(id);
        if (owner == null) {
          return Status.NOT_FOUND;
        }
        tree.fillUntouched(owner, owner.entryIndex(id), out);
        return Status.OK;
      }
      if (node instanceof DirectoryNode directory) {
        tree.load(directory);
      }
      node.fill(out);
      if (!(node instanceof FileNode stale) || !stale.needsStat()) {
        return Status.OK;
      }
      file = stale;
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
    return contents.refreshed(file, out);
  }

  @Override
  public Status setattr(long id, AttributeChange change, Attributes out) {
    Inode node;
    tree.lock.lock();
    try {
      node = change.setSize ? tree.file(id) : tree.node(id);
      if (node instanceof DirectoryNode directory) {
        tree.load(directory);
      }
      if (!(node instanceof FileNode file)) {
        applyChange(node, change);
        node.fill(out);
        return Status.OK;
      }
      Contents.pin(file);
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
    FileNode file = (FileNode) node;
    try {
      setFileAttributes(file, change);
      return contents.refreshed(file, out);
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      contents.unpin(file, false);
    }
  }

  private void setFileAttributes(FileNode file, AttributeChange change) throws Refusal {
    if (change.setSize) {
      contents.truncate(file, change.size);
    }
    Content content;
    tree.lock.lock();
    try {
      file.origin = null;
      applyChange(file, change);
      content = file.content;
    } finally {
      tree.lock.unlock();
    }
    if (content instanceof Content.Private own && (change.setAtime || change.setMtime)) {
      contents.setTimes(
          file,
          own,
          new long[] {
            change.atimeSeconds,
            nanos(change.setAtime, change.atimeNow, change.atimeNanos),
            change.mtimeSeconds,
            nanos(change.setMtime, change.mtimeNow, change.mtimeNanos)
          });
    }
  }

  private static long nanos(boolean set, boolean now, int nanos) {
    return set ? now ? Posix.UTIME_NOW : nanos : Posix.UTIME_OMIT;
  }

  private void applyChange(Inode node, AttributeChange change) {
    long[] now = contents.now();
    if (change.setMode) {
      node.mode = change.mode & Inode.PERMISSIONS;
    }
    if (change.setUid) {
      node.uid = change.uid;
    }
    if (change.setGid) {
      node.gid = change.gid;
    }
    node.times.apply(change, now);
    node.times.changed(now);
  }

  @Override
  public byte @Nullable [] readlink(long id) {
    tree.lock.lock();
    try {
      DirectoryNode owner = tree.table.get(id) == null ? tree.table.owner(id) : null;
      if (owner != null) {
        int index = owner.entryIndex(id);
        return owner.input().kind(index) == Kind.SYMLINK ? owner.input().target(index) : null;
      }
      return tree.table.get(id) instanceof SymlinkNode link ? link.target : null;
    } finally {
      tree.lock.unlock();
    }
  }

  @Override
  public Status readdir(long id, long offset, DirectorySink sink) {
    tree.lock.lock();
    try {
      new Listing(tree, tree.directory(id), sink).run(offset);
      return Status.OK;
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
  }

  @Override
  public long parent(long id) {
    tree.lock.lock();
    try {
      return tree.table.get(id) instanceof DirectoryNode directory ? directory.parent.id : ROOT;
    } finally {
      tree.lock.unlock();
    }
  }

  @Override
  public Status statfs(FileSystemUsage out) {
    long[] disk = new long[8];
    int result = posix.statvfs(scratch.directory(), disk);
    if (result < 0) {
      return StatusErrno.ofErrno(-result);
    }
    out.blockSize = disk[1];
    out.blocks = disk[2];
    out.freeBlocks = disk[3];
    out.availableBlocks = disk[4];
    out.files = disk[5];
    out.freeFiles = disk[6];
    contents.allowance.limit(out);
    return Status.OK;
  }

  @Override
  public Status mknod(Caller caller, long parent, byte[] name, int mode, int device, Entry out) {
    return names.mknod(caller, parent, name, mode, device, out);
  }

  @Override
  public Status mkdir(Caller caller, long parent, byte[] name, int mode, Entry out) {
    return names.mkdir(caller, parent, name, mode, out);
  }

  @Override
  public Status symlink(Caller caller, long parent, byte[] name, byte[] target, Entry out) {
    return names.symlink(caller, parent, name, target, out);
  }

  @Override
  public Status link(long node, long newParent, byte[] newName, Entry out) {
    return names.link(node, newParent, newName, out);
  }

  @Override
  public Status unlink(long parent, byte[] name) {
    return names.unlink(parent, name);
  }

  @Override
  public Status rmdir(long parent, byte[] name) {
    return names.rmdir(parent, name);
  }

  @Override
  public Status rename(long parent, byte[] name, long newParent, byte[] newName, int flags) {
    return names.rename(parent, name, newParent, newName, flags);
  }

  @Override
  public Status create(
      Caller caller, long parent, byte[] name, int mode, int flags, Entry out, OpenFile file) {
    return names.create(caller, parent, name, mode, flags, out, file);
  }

  @Override
  public Status tmpfile(Caller caller, long parent, int mode, int flags, Entry out, OpenFile file) {
    return names.tmpfile(caller, parent, mode, flags, out, file);
  }

  @Override
  public Status open(long node, int flags, OpenFile out) {
    return files.open(node, flags, out);
  }

  @Override
  public void release(long node, int flags) {
    files.release(node, flags);
  }

  @Override
  public int backingDescriptor(long node, int flags) {
    return files.backingDescriptor(node);
  }

  @Override
  public long read(long node, long offset, long length, long address) {
    return files.read(node, offset, length, address);
  }

  @Override
  public long write(long node, long offset, long length, long address) {
    return files.write(node, offset, length, address);
  }

  @Override
  public Status fsync(long node, boolean dataOnly) {
    return files.fsync(node, dataOnly);
  }

  @Override
  public Status fallocate(long node, int mode, long offset, long length) {
    return files.fallocate(node, mode, offset, length);
  }

  @Override
  public long seek(long node, long offset, int whence) {
    return files.seek(node, offset, whence);
  }

  @Override
  public long copyRange(long from, long fromOffset, long to, long toOffset, long length) {
    return files.copyRange(from, fromOffset, to, toOffset, length);
  }
}
