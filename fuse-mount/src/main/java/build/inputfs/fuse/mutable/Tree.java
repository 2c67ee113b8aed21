package build.inputfs.fuse.mutable;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FailureLog;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.InputAttributes;
import build.inputfs.fuse.vfs.Status;
import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The names and nodes of one view, and the lock that guards them.
 *
 * <p>There is one lock, {@link #lock}, and no I/O is done under it. All methods but {@link #lock}
 * are called with it held, once; those that say so release it for a while to read from the store,
 * and what the caller knew before is then to be asked again. So they stand first in an operation.
 */
final class Tree {
  final ReentrantLock lock = new ReentrantLock();
  final NodeTable table = new NodeTable(FileSystem.ROOT + 1);
  final DirectoryNode root;

  private final TreeReader reader;
  private final FailureLog failures;
  private final InputAttributes inputs;

  /** When the view was made: seconds and nanoseconds. Every input's change time. */
  private final long[] created;

  private final Attributes scrap = new Attributes();

  Tree(
      TreeReader reader, FailureLog failures, Digest rootDigest, int uid, int gid, long[] created) {
    this.reader = reader;
    this.failures = failures;
    this.inputs = new InputAttributes(uid, gid, created);
    this.created = created.clone();
    root =
        new DirectoryNode(
            FileSystem.ROOT,
            rootDigest,
            null,
            new byte[0],
            InputAttributes.DIRECTORY_MODE,
            uid,
            gid);
    stampDefault(root);
    table.put(root);
  }

  /** The loaded directory {@code id}. May release the lock. */
  DirectoryNode directory(long id) throws Refusal {
    Inode node = table.get(id);
    if (node == null) {
      DirectoryNode owner = table.owner(id);
      if (owner == null) {
        throw Refusal.of(Status.NOT_FOUND);
      }
      node = touch(owner, owner.entryIndex(id));
    }
    if (!(node instanceof DirectoryNode directory)) {
      throw Refusal.of(Status.NOT_DIRECTORY);
    }
    load(directory);
    return directory;
  }

  /** Sees to it that {@code directory} is loaded. May release the lock. */
  void load(DirectoryNode directory) throws Refusal {
    Digest digest = directory.digest;
    if (digest == null || directory.loaded()) {
      return;
    }
    String path = directory.path();
    InputDirectory decoded;
    lock.unlock();
    long waited = reader.waitedNanos();
    try {
      decoded = reader.directory(digest);
    } catch (IOException e) {
      failures.record("read directory", path.isEmpty() ? "." : path, digest, e);
      throw Refusal.of(Status.IO_ERROR);
    } finally {
      waited = reader.waitedNanos() - waited;
      if (waited > 0) {
        failures.waited(path, digest, waited);
      }
      lock.lock();
    }
    if (!directory.loaded()) {
      directory.load(decoded, table.allocateRun(directory, decoded.size()));
      stampOwn(directory, decoded);
    }
  }

  /** The node {@code id}; an untouched entry gets one. */
  Inode node(long id) throws Refusal {
    Inode node = table.get(id);
    if (node != null) {
      return node;
    }
    DirectoryNode owner = table.owner(id);
    if (owner == null) {
      throw Refusal.of(Status.NOT_FOUND);
    }
    return touch(owner, owner.entryIndex(id));
  }

  /** The regular file {@code id}; an untouched entry gets a node. */
  FileNode file(long id) throws Refusal {
    return switch (node(id)) {
      case FileNode file -> file;
      case DirectoryNode directory -> throw Refusal.of(Status.IS_DIRECTORY);
      case SymlinkNode link -> throw Refusal.of(Status.INVALID);
      case SpecialNode special -> throw Refusal.of(Status.INVALID);
    };
  }

  /** The node called {@code name}, or null; an untouched entry gets one. */
  @Nullable Inode find(DirectoryNode directory, byte[] name) {
    int index = directory.untouched(name);
    return index >= 0 ? touch(directory, index) : directory.named(name);
  }

  /** As {@link #find}, but what is not there is {@link Status#NOT_FOUND}. */
  Inode require(DirectoryNode directory, byte[] name) throws Refusal {
    Inode node = find(directory, name);
    if (node == null) {
      throw Refusal.of(Status.NOT_FOUND);
    }
    return node;
  }

  /** Gives the untouched entry {@code index} a node. */
  Inode touch(DirectoryNode directory, int index) {
    InputDirectory input = directory.input();
    long id = directory.entryId(index);
    Inode node =
        switch (input.kind(index)) {
          case DIRECTORY -> {
            DirectoryNode made =
                new DirectoryNode(
                    id,
                    input.digest(index),
                    directory,
                    input.name(index),
                    InputAttributes.DIRECTORY_MODE,
                    inputs.uid(),
                    inputs.gid());
            stampDefault(made);
            yield made;
          }
          case FILE -> {
            fillUntouched(directory, index, scrap);
            FileNode made =
                new FileNode(
                    id,
                    new Content.Input(input.digest(index), input.executable(index)),
                    directory,
                    input.name(index),
                    scrap.size,
                    scrap.mode,
                    inputs.uid(),
                    inputs.gid());
            made.times.take(scrap);
            made.origin = directory;
            made.originIndex = index;
            yield made;
          }
          case SYMLINK -> {
            fillUntouched(directory, index, scrap);
            SymlinkNode made = new SymlinkNode(id, input.target(index), inputs.uid(), inputs.gid());
            made.times.take(scrap);
            yield made;
          }
        };
    node.lookups = directory.takeLookups(index);
    directory.touch(index, node);
    table.put(node);
    return node;
  }

  /** Lets a file be an untouched entry again where it is one but for its node, and is not open. */
  void untouch(FileNode file) {
    DirectoryNode origin = file.origin;
    if (origin != null && file.opens == 0) {
      table.remove(file);
      origin.untouch(file.originIndex);
      origin.giveLookups(file.originIndex, file.lookups);
    }
  }

  /** Fills in the attributes of the untouched entry {@code index}, which is not a directory. */
  void fillUntouched(DirectoryNode directory, int index, Attributes out) {
    inputs.fillLeaf(directory.input(), index, directory.entryId(index), out);
  }

  private void stampDefault(DirectoryNode directory) {
    directory.times.setAll(created);
    directory.times.setAtime(InputAttributes.DEFAULT_MTIME, 0);
    directory.times.setMtime(InputAttributes.DEFAULT_MTIME, 0);
  }

  private static void stampOwn(DirectoryNode directory, InputDirectory decoded) {
    if (decoded.ownUnixMode() >= 0) {
      directory.mode = decoded.ownUnixMode() & Inode.PERMISSIONS;
    }
    if (decoded.hasOwnMtime()) {
      directory.times.setAtime(decoded.ownMtimeSeconds(), decoded.ownMtimeNanos());
      directory.times.setMtime(decoded.ownMtimeSeconds(), decoded.ownMtimeNanos());
    }
  }
}
