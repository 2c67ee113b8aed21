package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.Status;
import com.kenai.jffi.Closure;

/**
 * The calls that make, move and remove names, which the {@link PathTree} has to learn of. Called as
 * {@link Operations} are.
 */
final class NameOperations {
  private final FileSystem fs;
  private final PathTree paths;
  private final SharedNames shared;
  private final OpenPlaces opens;

  NameOperations(FileSystem fs, PathTree paths, SharedNames shared, OpenPlaces opens) {
    this.fs = fs;
    this.opens = opens;
    this.paths = paths;
    this.shared = shared;
  }

  /** What is done in a directory that was found, and is used meanwhile. */
  private interface InDirectory {
    Status run(Place parent, Name name);
  }

  private Status inParent(byte[] path, Work work, InDirectory action) {
    Status status = paths.findParent(path, work.found);
    if (status != Status.OK) {
      return status;
    }
    Place parent = work.found.place();
    try {
      return action.run(parent, paths.written(parent, PathTree.lastName(path)));
    } finally {
      paths.done(parent);
    }
  }

  private Status added(Status status, Place parent, Name name, Work work) {
    if (status == Status.OK) {
      paths.done(paths.added(parent, name, work.entry));
    }
    return status;
  }

  private Status removed(Status status, Place parent, Name name) {
    if (status == Status.OK) {
      paths.removed(parent, name);
    }
    return status;
  }

  Status mknod(Closure.Buffer in, Work work) {
    byte[] path = work.path(in.getAddress(0));
    int mode = in.getInt(1);
    int device = (int) in.getLong(2);
    Caller caller = work.caller();
    return inParent(
        path,
        work,
        (parent, name) ->
            added(
                fs.mknod(caller, parent.node, name.bytes, mode, device, work.entry),
                parent,
                name,
                work));
  }

  Status mkdir(Closure.Buffer in, Work work) {
    byte[] path = work.path(in.getAddress(0));
    int mode = in.getInt(1);
    Caller caller = work.caller();
    return inParent(
        path,
        work,
        (parent, name) ->
            added(fs.mkdir(caller, parent.node, name.bytes, mode, work.entry), parent, name, work));
  }

  Status symlink(Closure.Buffer in, Work work) {
    byte[] target = work.path(in.getAddress(0));
    byte[] path = work.path(in.getAddress(1));
    Caller caller = work.caller();
    return inParent(
        path,
        work,
        (parent, name) ->
            added(
                fs.symlink(caller, parent.node, name.bytes, target, work.entry),
                parent,
                name,
                work));
  }

  Status link(Closure.Buffer in, Work work) {
    byte[] existing = work.path(in.getAddress(0));
    byte[] path = work.path(in.getAddress(1));
    Status status = paths.find(existing, work.found);
    if (status != Status.OK) {
      return status;
    }
    Place linked = work.found.place();
    try {
      shared.awaitForgotten(linked);
      long told = shared.remember(linked);
      Status made =
          inParent(
              path,
              work,
              (parent, name) ->
                  added(
                      fs.link(linked.node, parent.node, name.bytes, work.entry),
                      parent,
                      name,
                      work));
      if (made == Status.OK && work.forgetLinked()) {
        shared.forgotten(linked, told);
      }
      return made;
    } finally {
      paths.done(linked);
    }
  }

  Status unlink(Closure.Buffer in, Work work) {
    byte[] path = work.path(in.getAddress(0));
    Name last = PathTree.lastName(path);
    if (PathTree.isHidden(last) && paths.unhid(last)) {
      return Status.OK;
    }
    awaitForgotten(path, work);
    return inParent(
        path, work, (parent, name) -> removed(fs.unlink(parent.node, name.bytes), parent, name));
  }

  Status rmdir(Closure.Buffer in, Work work) {
    byte[] path = work.path(in.getAddress(0));
    return inParent(
        path, work, (parent, name) -> removed(fs.rmdir(parent.node, name.bytes), parent, name));
  }

  Status rename(Closure.Buffer in, Work work) {
    byte[] from = work.path(in.getAddress(0));
    byte[] to = work.path(in.getAddress(1));
    awaitForgotten(from, work);
    Name alias = PathTree.lastName(to);
    if (PathTree.isHidden(alias) && isFile(work)) {
      return hide(from, alias, work);
    }
    awaitForgotten(to, work);
    return inParent(
        from,
        work,
        (parent, name) ->
            inParent(
                to,
                work,
                (newParent, found) -> {
                  // A name may be renamed to itself in another case.
                  boolean same = newParent == parent && found.equals(name);
                  Name newName = same ? PathTree.lastName(to) : found;
                  Status status =
                      fs.rename(parent.node, name.bytes, newParent.node, newName.bytes, 0);
                  if (status == Status.OK) {
                    paths.renamed(parent, name, newParent, newName);
                  }
                  return status;
                }));
  }

  /** Removes a file that is open: see {@link PathTree}. What it was has just been looked at. */
  private Status hide(byte[] path, Name alias, Work work) {
    return inParent(
        path,
        work,
        (parent, name) -> {
          Status status = fs.unlink(parent.node, name.bytes);
          if (status == Status.OK) {
            paths.hid(parent, name, alias);
          }
          return status;
        });
  }

  private static boolean isFile(Work work) {
    return (work.attributes.mode & FileType.MASK) == FileType.REGULAR;
  }

  /** Looks at what {@code path} names, and waits as {@link SharedNames} says if it is changed. */
  private void awaitForgotten(byte[] path, Work work) {
    work.attributes.mode = 0;
    if (paths.find(path, work.found) != Status.OK) {
      return;
    }
    Place place = work.found.place();
    try {
      if (fs.getattr(place.node, work.attributes) == Status.OK && work.attributes.nlink > 1) {
        shared.awaitForgotten(place);
      }
    } finally {
      paths.done(place);
    }
  }

  Status create(Closure.Buffer in, Work work) {
    byte[] path = work.path(in.getAddress(0));
    int mode = in.getInt(1);
    long info = in.getAddress(2);
    Caller caller = work.caller();
    int flags = work.openFlags(info);
    return inParent(
        path,
        work,
        (parent, name) -> {
          Status status =
              fs.create(caller, parent.node, name.bytes, mode, flags, work.entry, work.file);
          if (status == Status.EXISTS && (flags & Posix.O_EXCL) == 0) {
            status = openExisting(parent, name, flags, work);
          }
          if (status == Status.OK) {
            work.opened(opens.add(paths.added(parent, name, work.entry)), true);
          }
          return status;
        });
  }

  /** For a name that came to be after the kernel was told that it does not exist. */
  private Status openExisting(Place parent, Name name, int flags, Work work) {
    Status status = fs.lookup(parent.node, name.bytes, work.entry);
    if (status == Status.OK) {
      status = fs.open(work.entry.node, flags, work.file);
      if (status != Status.OK) {
        fs.forget(work.entry.node, 1);
      }
    }
    return status;
  }
}
