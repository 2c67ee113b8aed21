package build.inputfs.fuse.jnr;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.SetIdBits;
import build.inputfs.fuse.vfs.Status;
import build.inputfs.fuse.vfs.StatusErrno;
import com.kenai.jffi.Closure;

/**
 * Turns one call of the library into calls of the filesystem. Called on all threads that serve a
 * mount, several at once; what a call fills is in its thread's {@link Work}.
 *
 * <p>What is open is named by a handle: see {@link OpenPlaces}.
 */
final class Operations {
  private static final int PERMISSIONS = 07777;

  private final FileSystem fs;
  private final PathTree paths;
  private final SharedNames shared;
  private final NameOperations names;
  private final OpenPlaces opens = new OpenPlaces();

  Operations(FileSystem fs, PathTree paths, SharedNames shared) {
    this.fs = fs;
    this.paths = paths;
    this.shared = shared;
    this.names = new NameOperations(fs, paths, shared, opens);
  }

  /**
   * Serves a call.
   *
   * @return what the library is to be given: a count or 0, or a negated errno
   */
  int serve(Callback callback, Closure.Buffer in, Work work) {
    return switch (callback) {
      case GETATTR -> getattr(in, work);
      case FGETATTR -> fgetattr(in, work);
      case READLINK -> readlink(in, work);
      case MKNOD -> result(names.mknod(in, work));
      case MKDIR -> result(names.mkdir(in, work));
      case SYMLINK -> result(names.symlink(in, work));
      case LINK -> result(names.link(in, work));
      case UNLINK -> result(names.unlink(in, work));
      case RMDIR -> result(names.rmdir(in, work));
      case RENAME -> result(names.rename(in, work));
      case CREATE -> result(names.create(in, work));
      case CHMOD -> chmod(in, work);
      case CHOWN -> chown(in, work);
      case TRUNCATE -> truncate(in, work);
      case FTRUNCATE -> ftruncate(in, work);
      case UTIMENS -> utimens(in, work);
      case OPEN -> open(in, work);
      case READ -> read(in, work);
      case WRITE -> write(in, work);
      case RELEASE -> release(in, work);
      case FSYNC -> fsync(in, work);
      case FALLOCATE -> fallocate(in, work);
      case OPENDIR -> opendir(in, work);
      case READDIR -> readdir(in, work);
      case RELEASEDIR -> releasedir(in, work);
      case STATFS -> statfs(in, work);
      // An input directory is on the disk, and others are in memory.
      case FSYNCDIR, INIT -> 0;
      case IOCTL -> -Errnos.ENOTTY;
    };
  }

  static int result(Status status) {
    return -StatusErrno.errno(status);
  }

  private static int result(long count) {
    return count >= 0 ? (int) count : result(Status.ofResult(count));
  }

  // Attributes

  private int getattr(Closure.Buffer in, Work work) {
    Status status = paths.find(work.path(in.getAddress(0)), work.found);
    if (status != Status.OK) {
      return result(status);
    }
    Place place = work.found.place();
    try {
      status = fs.getattr(place.node, work.attributes);
      if (status == Status.OK) {
        shared.told(place, work.attributes);
        work.putStat(in.getAddress(1), work.attributes);
      }
      return result(status);
    } finally {
      paths.done(place);
    }
  }

  private int fgetattr(Closure.Buffer in, Work work) {
    Place place = opens.get(work.handle(in.getAddress(2)));
    Status status = fs.getattr(place.node, work.attributes);
    if (status == Status.OK) {
      shared.told(place, work.attributes);
      work.putStat(in.getAddress(1), work.attributes);
    }
    return result(status);
  }

  private int readlink(Closure.Buffer in, Work work) {
    Status status = paths.find(work.path(in.getAddress(0)), work.found);
    if (status != Status.OK) {
      return result(status);
    }
    try {
      byte[] target = fs.readlink(work.found.place().node);
      if (target == null) {
        return -Errnos.EINVAL;
      }
      work.putString(in.getAddress(1), target, in.getLong(2));
      return 0;
    } finally {
      paths.done(work.found);
    }
  }

  private int chmod(Closure.Buffer in, Work work) {
    work.change.clear();
    work.change.setMode = true;
    work.change.mode = in.getInt(1) & PERMISSIONS;
    return change(in, work);
  }

  private int chown(Closure.Buffer in, Work work) {
    AttributeChange change = work.change;
    change.clear();
    change.uid = in.getInt(1);
    change.gid = in.getInt(2);
    change.setUid = change.uid != -1;
    change.setGid = change.gid != -1;
    return change(in, work);
  }

  private int truncate(Closure.Buffer in, Work work) {
    work.change.clear();
    work.change.setSize = true;
    work.change.size = in.getLong(1);
    return change(in, work);
  }

  private int ftruncate(Closure.Buffer in, Work work) {
    work.change.clear();
    work.change.setSize = true;
    work.change.size = in.getLong(1);
    Place place = opens.get(work.handle(in.getAddress(2)));
    shared.awaitForgotten(place);
    return result(fs.setattr(place.node, work.change, work.attributes));
  }

  private int utimens(Closure.Buffer in, Work work) {
    work.times(in.getAddress(1));
    return change(in, work);
  }

  /** Makes the change that was put together, on what the first argument names. */
  private int change(Closure.Buffer in, Work work) {
    Status status = paths.find(work.path(in.getAddress(0)), work.found);
    if (status != Status.OK) {
      return result(status);
    }
    Place place = work.found.place();
    try {
      shared.awaitForgotten(place);
      return result(fs.setattr(place.node, work.change, work.attributes));
    } finally {
      paths.done(place);
    }
  }

  private int statfs(Closure.Buffer in, Work work) {
    FileSystemUsage usage = work.usage;
    Status status = fs.statfs(usage);
    if (status == Status.OK) {
      work.putUsage(in.getAddress(1));
    }
    return result(status);
  }

  // Open files

  private int open(Closure.Buffer in, Work work) {
    Status status = paths.find(work.path(in.getAddress(0)), work.found);
    if (status != Status.OK) {
      return result(status);
    }
    Place place = work.found.place();
    try {
      int flags = work.openFlags(in.getAddress(1));
      boolean truncating = (flags & Posix.O_TRUNC) != 0;
      if (truncating) {
        shared.awaitForgotten(place);
      }
      status = fs.open(place.node, flags, work.file);
      if (status == Status.OK && truncating && work.caller().uid != 0) {
        status = SetIdBits.clear(fs, place.node, work.attributes, work.change);
        if (status != Status.OK) {
          fs.release(place.node, flags);
        }
      }
      if (status != Status.OK) {
        paths.done(place);
        return result(status);
      }
      // Used until it is closed.
      work.opened(opens.add(place), !shared.hadSeveral(place.node) && !work.file.arriving);
      return 0;
    } catch (Throwable e) {
      paths.done(place);
      throw e;
    }
  }

  private int release(Closure.Buffer in, Work work) {
    int flags = work.openFlags(in.getAddress(1));
    Place place = opens.remove(work.handle(in.getAddress(1)));
    try {
      fs.release(place.node, flags);
      return 0;
    } finally {
      paths.done(place);
    }
  }

  private int read(Closure.Buffer in, Work work) {
    long node = opens.get(work.handle(in.getAddress(4))).node;
    return result(fs.read(node, in.getLong(3), in.getLong(2), in.getAddress(1)));
  }

  private int write(Closure.Buffer in, Work work) {
    Place place = opens.get(work.handle(in.getAddress(4)));
    shared.awaitForgotten(place);
    return result(fs.write(place.node, in.getLong(3), in.getLong(2), in.getAddress(1)));
  }

  private int fsync(Closure.Buffer in, Work work) {
    return result(fs.fsync(opens.get(work.handle(in.getAddress(2))).node, in.getInt(1) != 0));
  }

  private int fallocate(Closure.Buffer in, Work work) {
    Place place = opens.get(work.handle(in.getAddress(4)));
    shared.awaitForgotten(place);
    return result(fs.fallocate(place.node, in.getInt(1), in.getLong(2), in.getLong(3)));
  }

  // Directories

  private int opendir(Closure.Buffer in, Work work) {
    Status status = paths.find(work.path(in.getAddress(0)), work.found);
    if (status != Status.OK) {
      return result(status);
    }
    work.openFlags(in.getAddress(1));
    work.opened(opens.add(work.found.place()), false);
    return 0;
  }

  private int releasedir(Closure.Buffer in, Work work) {
    paths.done(opens.remove(work.handle(in.getAddress(1))));
    return 0;
  }

  private int readdir(Closure.Buffer in, Work work) {
    Place place = opens.get(work.handle(in.getAddress(4)));
    Attributes attributes = work.attributes;
    long offset = in.getLong(3);
    Listing listing = work.listing(in.getAddress(2), in.getAddress(1));
    if (offset == 0) {
      Status status = fs.getattr(place.node, attributes);
      if (status != Status.OK) {
        return result(status);
      }
      listing.addDots(Listing.DOT, attributes, 1);
    }
    if (offset <= 1) {
      Status status = fs.getattr(fs.parent(place.node), attributes);
      if (status != Status.OK) {
        return result(status);
      }
      listing.addDots(Listing.DOT_DOT, attributes, 2);
    }
    return result(fs.readdir(place.node, Math.max(offset, 2), listing));
  }
}
