package build.inputfs.fuse.mutable;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.OpenFile;
import build.inputfs.fuse.vfs.Status;
import org.jspecify.annotations.Nullable;

/**
 * The operations that make, move and remove names: one method for each of {@link
 * MutableFileSystem}'s, with the same contract.
 */
final class NameChanges {
  static final int MAX_NAME = 255;

  private final Posix posix;
  private final Tree tree;
  private final Contents contents;
  private final OpenFiles files;
  private final Allowance allowance;

  NameChanges(Posix posix, Tree tree, Contents contents, OpenFiles files) {
    this.posix = posix;
    this.tree = tree;
    this.contents = contents;
    this.files = files;
    this.allowance = contents.allowance;
  }

  Status mknod(Caller caller, long parent, byte[] name, int mode, int device, Entry out) {
    int type = mode & FileType.MASK;
    return switch (type) {
      case FileType.REGULAR, 0 -> create(caller, parent, name, mode, null, out, new OpenFile());
      case FileType.FIFO, FileType.SOCKET, FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE ->
          add(
              parent,
              name,
              out,
              directory ->
                  new SpecialNode(
                      tree.table.allocate(),
                      type,
                      device,
                      mode,
                      caller.uid,
                      group(directory, caller)));
      default -> Status.INVALID;
    };
  }

  Status mkdir(Caller caller, long parent, byte[] name, int mode, Entry out) {
    return add(
        parent,
        name,
        out,
        directory ->
            new DirectoryNode(
                tree.table.allocate(),
                null,
                directory,
                name,
                mode | (directory.mode & Inode.SET_GID),
                caller.uid,
                group(directory, caller)));
  }

  Status symlink(Caller caller, long parent, byte[] name, byte[] target, Entry out) {
    return add(
        parent,
        name,
        out,
        directory ->
            new SymlinkNode(tree.table.allocate(), target, caller.uid, group(directory, caller)));
  }

  /** The group of what {@code caller} makes in {@code directory}: inode(7) on S_ISGID. */
  private static int group(DirectoryNode directory, Caller caller) {
    return (directory.mode & Inode.SET_GID) != 0 ? directory.gid : caller.gid;
  }

  private interface Maker {
    Inode make(DirectoryNode parent);
  }

  private Status add(long parent, byte[] name, Entry out, Maker maker) {
    return taking(
        () -> {
          tree.lock.lock();
          try {
            DirectoryNode directory = vacant(parent, name);
            Inode node = maker.make(directory);
            node.charge = 1;
            node.times.setAll(contents.now());
            insert(directory, name, node, out);
          } finally {
            tree.lock.unlock();
          }
        });
  }

  private interface Step {
    void run() throws Refusal;
  }

  /** Does what counts as one file, if the allowance has it. */
  private Status taking(Step step) {
    try {
      allowance.takeFile();
      try {
        step.run();
        return Status.OK;
      } catch (Refusal refusal) {
        allowance.giveFiles(1);
        throw refusal;
      }
    } catch (Refusal refusal) {
      return refusal.status;
    }
  }

  /** The directory {@code parent}, in which {@code name} may be made. May release the lock. */
  private DirectoryNode vacant(long parent, byte[] name) throws Refusal {
    if (name.length > MAX_NAME) {
      throw Refusal.of(Status.NAME_TOO_LONG);
    }
    DirectoryNode directory = tree.directory(parent);
    if (directory.nlink == 0) {
      throw Refusal.of(Status.NOT_FOUND);
    }
    if (directory.untouched(name) >= 0 || directory.named(name) != null) {
      throw Refusal.of(Status.EXISTS);
    }
    return directory;
  }

  private void insert(DirectoryNode directory, byte[] name, Inode node, Entry out) {
    tree.table.put(node);
    directory.put(name, node);
    directory.times.modified(contents.now());
    node.lookups++;
    out.node = node.id;
    node.fill(out.attributes);
  }

  Status create(
      Caller caller, long parent, byte[] name, int mode, int flags, Entry out, OpenFile file) {
    return create(caller, parent, name, mode, (Integer) flags, out, file);
  }

  Status tmpfile(Caller caller, long parent, int mode, int flags, Entry out, OpenFile file) {
    return create(caller, parent, null, mode, (Integer) flags, out, file);
  }

  /** Creates a file: with a name or without one, and opened or, where flags are null, not. */
  private Status create(
      Caller caller,
      long parent,
      byte @Nullable [] name,
      int mode,
      @Nullable Integer flags,
      Entry out,
      OpenFile opened) {
    return taking(
        () -> {
          Content.Private content = contents.allocate();
          int descriptor = -1;
          try {
            descriptor = contents.create(content);
            if (added(caller, parent, name, mode, flags, out, opened, content, descriptor)) {
              descriptor = -1;
            }
          } catch (Refusal refusal) {
            contents.remove(content);
            throw refusal;
          } finally {
            if (descriptor >= 0) {
              posix.close(descriptor);
            }
          }
        });
  }

  /** Adds a created file to the tree: whether it has taken the descriptor. */
  private boolean added(
      Caller caller,
      long parent,
      byte @Nullable [] name,
      int mode,
      @Nullable Integer flags,
      Entry out,
      OpenFile opened,
      Content.Private content,
      int descriptor)
      throws Refusal {
    tree.lock.lock();
    try {
      DirectoryNode directory = name == null ? tree.directory(parent) : vacant(parent, name);
      FileNode file =
          new FileNode(
              tree.table.allocate(),
              content,
              directory,
              name == null ? new byte[0] : name,
              0,
              mode,
              caller.uid,
              group(directory, caller));
      file.charge = 1;
      file.times.setAll(contents.now());
      if (flags != null) {
        files.count(file, flags, opened);
        file.descriptor = descriptor;
        file.descriptorUnused = true;
      }
      if (name == null) {
        file.nlink = 0;
        file.lookups++;
        tree.table.put(file);
        out.node = file.id;
        file.fill(out.attributes);
      } else {
        insert(directory, name, file, out);
      }
      return flags != null;
    } finally {
      tree.lock.unlock();
    }
  }

  Status link(long id, long newParent, byte[] newName, Entry out) {
    Inode[] linked = new Inode[1];
    Status status = taking(() -> linked[0] = addLink(id, newParent, newName, out));
    return status == Status.OK && linked[0] instanceof FileNode file
        ? contents.refreshed(file, out.attributes)
        : status;
  }

  private Inode addLink(long id, long newParent, byte[] newName, Entry out) throws Refusal {
    tree.lock.lock();
    try {
      DirectoryNode directory = vacant(newParent, newName);
      Inode node = tree.node(id);
      if (node instanceof DirectoryNode) {
        throw Refusal.of(Status.NOT_PERMITTED);
      }
      if (node instanceof FileNode file) {
        file.origin = null;
      }
      if (node.nlink++ == 0) {
        allowance.giveFiles(1); // it was counted when it was made without a name
      } else {
        node.linkCharge++;
      }
      node.times.changed(contents.now());
      directory.put(newName, node);
      directory.times.modified(contents.now());
      node.lookups++;
      out.node = node.id;
      node.fill(out.attributes);
      return node;
    } finally {
      tree.lock.unlock();
    }
  }

  Status unlink(long parent, byte[] name) {
    Content.@Nullable Private doomed;
    tree.lock.lock();
    try {
      DirectoryNode directory = tree.directory(parent);
      Inode node = tree.require(directory, name);
      if (node instanceof DirectoryNode) {
        return Status.IS_DIRECTORY;
      }
      directory.remove(name);
      doomed = unlinked(node);
      directory.times.modified(contents.now());
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
    contents.remove(doomed);
    return Status.OK;
  }

  /** Takes one name off {@code node}, as {@link Contents#dropIfUnused}. */
  private Content.@Nullable Private unlinked(Inode node) {
    node.nlink = node instanceof DirectoryNode ? 0 : node.nlink - 1;
    node.times.changed(contents.now());
    if (node instanceof FileNode file) {
      file.origin = null;
    }
    if (node.nlink == 0) {
      node.leaving = true;
      allowance.countLeaving(1);
    } else if (node.linkCharge > 0) {
      node.linkCharge--;
      allowance.giveFiles(1);
    }
    return contents.dropIfUnused(node);
  }

  Status rmdir(long parent, byte[] name) {
    tree.lock.lock();
    try {
      DirectoryNode directory;
      Inode node;
      do {
        directory = tree.directory(parent);
        node = tree.require(directory, name);
      } while (releasedToLoad(node));
      if (!(node instanceof DirectoryNode child)) {
        return Status.NOT_DIRECTORY;
      }
      if (!child.isEmpty()) {
        return Status.NOT_EMPTY;
      }
      directory.remove(name);
      Content.@Nullable Private none = unlinked(child);
      directory.times.modified(contents.now());
      return none == null ? Status.OK : Status.IO_ERROR;
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
  }

  /** Whether {@code node} is a directory that had to be loaded first, with the lock released. */
  private boolean releasedToLoad(@Nullable Inode node) throws Refusal {
    if (node instanceof DirectoryNode directory && !directory.loaded()) {
      tree.load(directory);
      return true;
    }
    return false;
  }

  Status rename(long parent, byte[] name, long newParent, byte[] newName, int flags) {
    if (newName.length > MAX_NAME) {
      return Status.NAME_TOO_LONG;
    }
    if ((flags & ~(Posix.RENAME_NOREPLACE | Posix.RENAME_EXCHANGE)) != 0) {
      return Status.INVALID;
    }
    Content.@Nullable Private doomed;
    tree.lock.lock();
    try {
      DirectoryNode from;
      DirectoryNode to;
      Inode target;
      do {
        tree.directory(parent);
        to = tree.directory(newParent);
        from = tree.directory(parent); // loaded above: the lock is not released again
        target = tree.find(to, newName);
      } while (releasedToLoad(target));
      Inode node = tree.require(from, name);
      if (target != null && (flags & Posix.RENAME_NOREPLACE) != 0) {
        return Status.EXISTS;
      }
      if ((flags & Posix.RENAME_EXCHANGE) != 0) {
        doomed = exchange(from, name, node, to, newName, target);
      } else {
        doomed = replace(from, name, node, to, newName, target);
      }
    } catch (Refusal refusal) {
      return refusal.status;
    } finally {
      tree.lock.unlock();
    }
    contents.remove(doomed);
    return Status.OK;
  }

  private Content.@Nullable Private exchange(
      DirectoryNode from,
      byte[] name,
      Inode node,
      DirectoryNode to,
      byte[] newName,
      @Nullable Inode target)
      throws Refusal {
    if (target == null) {
      throw Refusal.of(Status.NOT_FOUND);
    }
    from.put(name, target);
    to.put(newName, node);
    moved(node, to, newName);
    moved(target, from, name);
    from.times.modified(contents.now());
    to.times.modified(contents.now());
    return null;
  }

  private Content.@Nullable Private replace(
      DirectoryNode from,
      byte[] name,
      Inode node,
      DirectoryNode to,
      byte[] newName,
      @Nullable Inode target)
      throws Refusal {
    if (target == node) {
      return null; // two names of one file: rename(2) does nothing
    }
    if (target instanceof DirectoryNode directory) {
      if (!(node instanceof DirectoryNode)) {
        throw Refusal.of(Status.IS_DIRECTORY);
      }
      if (!directory.isEmpty()) {
        throw Refusal.of(Status.NOT_EMPTY);
      }
    } else if (target != null && node instanceof DirectoryNode) {
      throw Refusal.of(Status.NOT_DIRECTORY);
    }
    from.remove(name);
    to.put(newName, node);
    moved(node, to, newName);
    from.times.modified(contents.now());
    to.times.modified(contents.now());
    return target == null ? null : unlinked(target);
  }

  private void moved(Inode node, DirectoryNode to, byte[] newName) {
    node.times.changed(contents.now());
    switch (node) {
      case FileNode file -> file.origin = null;
      case DirectoryNode directory -> {
        directory.parent = to;
        directory.name = newName;
      }
      case SymlinkNode link -> {}
      case SpecialNode special -> {}
    }
  }
}
