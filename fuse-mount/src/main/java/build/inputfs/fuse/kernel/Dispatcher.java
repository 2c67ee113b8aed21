package build.inputfs.fuse.kernel;

import build.inputfs.cas.posix.Errnos;
import build.inputfs.cas.posix.Posix;
import build.inputfs.fuse.vfs.AttributeChange;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.OpenFile;
import build.inputfs.fuse.vfs.SetIdBits;
import build.inputfs.fuse.vfs.Status;
import java.nio.ByteBuffer;

/**
 * Turns one request at a time into a call of the filesystem, and its result into a reply. One per
 * reader, used by its thread alone; it keeps the records that calls fill, so that a request makes
 * no garbage but a name.
 *
 * <p>A file handle is no index of a table: it is the flags of the open, which {@link
 * FileSystem#release} wants back.
 */
final class Dispatcher {
  /** As of the filesystems on disk; the kernel lets names of a page through. */
  private static final int NAME_MAX = 255;

  private final FileSystem fs;
  private final CachePolicy caching;
  private final Negotiation negotiation;
  private final Backings backings;
  private final Successors successors;
  private final Notices notices;
  private final RequestCounters counters;

  private final Request request;
  private final long requestAddress;
  private final Reply reply;
  private final long replyAddress;
  private final DirectoryReply listing;

  private final Entry entry = new Entry();
  private final Attributes attributes = new Attributes();
  private final AttributeChange change = new AttributeChange();
  private final OpenFile file = new OpenFile();
  private final Caller caller = new Caller();
  private final FileSystemUsage usage = new FileSystemUsage();
  private long unique;

  /**
   * @param in where requests are read to, at {@code requestAddress}
   * @param out where replies are made, at {@code replyAddress}
   */
  Dispatcher(
      FuseSession.Shared shared,
      ByteBuffer in,
      long requestAddress,
      ByteBuffer out,
      long replyAddress) {
    this.fs = shared.fileSystem();
    this.caching = shared.options().caching();
    this.negotiation = shared.negotiation();
    this.backings = shared.backings();
    this.successors = shared.successors();
    this.notices = shared.notices();
    this.counters = shared.counters();
    this.request = new Request(in);
    this.requestAddress = requestAddress;
    this.reply = new Reply(out);
    this.replyAddress = replyAddress;
    this.listing = new DirectoryReply(reply, caching, successors);
  }

  /**
   * Serves the request that is in the buffer.
   *
   * @return the length of the reply to write, or 0 where none is wanted
   */
  int serve() {
    unique = request.unique();
    Opcode opcode = request.opcode();
    counters.count(opcode);
    try {
      return serve(opcode);
    } catch (Throwable e) {
      // A bug in a handler costs the caller its call, not everybody the mount.
      FuseSession.log().error("{} of node {} failed and is answered with EIO", opcode, node(), e);
      return wantsReply(opcode) ? reply.error(unique, Errnos.EIO) : 0;
    }
  }

  /**
   * Answers the request that is in the buffer with ENOTCONN, without the filesystem.
   *
   * @return the length of the reply to write, or 0 where none is wanted
   */
  int refuse() {
    return wantsReply(request.opcode()) ? reply.error(request.unique(), Errnos.ENOTCONN) : 0;
  }

  private static boolean wantsReply(Opcode opcode) {
    return opcode != Opcode.FORGET
        && opcode != Opcode.BATCH_FORGET
        && opcode != Opcode.NOTIFY_REPLY;
  }

  private int serve(Opcode opcode) {
    return switch (opcode) {
      case LOOKUP -> lookup();
      case FORGET -> forget(request.node(), request.forgetCount());
      case BATCH_FORGET -> batchForget();
      case GETATTR -> attributesOrError(fs.getattr(node(), attributes));
      case SETATTR -> setattr();
      case READLINK -> readlink();
      case SYMLINK -> symlink();
      case MKNOD -> mknod();
      case MKDIR -> mkdir();
      case UNLINK -> reply.status(unique, fs.unlink(node(), request.name()));
      case RMDIR -> reply.status(unique, fs.rmdir(node(), request.name()));
      case RENAME -> rename(false);
      case RENAME2 -> rename(true);
      case LINK -> link();
      case OPEN -> open();
      case CREATE -> create();
      case TMPFILE -> tmpfile();
      case READ -> read();
      case WRITE -> write();
      case RELEASE -> release();
      case FSYNC, FSYNCDIR -> fsync();
      case OPENDIR -> opendir();
      case READDIR -> readdir(false);
      case READDIRPLUS -> readdir(true);
      case RELEASEDIR, DESTROY -> reply.ok(unique, 0);
      case STATFS -> statfs();
      case LSEEK -> lseek();
      case FALLOCATE -> fallocate();
      case COPY_FILE_RANGE -> copyRange(false);
      case COPY_FILE_RANGE_64 -> copyRange(true);
      case NOTIFY_REPLY -> 0;
      // The kernel would hand ENOSYS on to the program; this is how "no such ioctl" is said.
      case IOCTL -> reply.error(unique, Errnos.ENOTTY);
      // ENOSYS is remembered: the kernel never asks again and does what it does without a server.
      // FLUSH, SYNCFS: nothing to do. ACCESS: mode bits. The four on attributes: EOPNOTSUPP. POLL:
      // always ready. STATX: GETATTR. INTERRUPT: callers wait for the reply. BMAP and locks: local.
      // INIT came before the first reader.
      case FLUSH,
          SYNCFS,
          ACCESS,
          SETXATTR,
          GETXATTR,
          LISTXATTR,
          REMOVEXATTR,
          POLL,
          STATX,
          INTERRUPT,
          BMAP,
          GETLK,
          SETLK,
          SETLKW,
          SETUPMAPPING,
          REMOVEMAPPING,
          INIT,
          UNKNOWN ->
          reply.error(unique, Errnos.ENOSYS);
    };
  }

  // Names

  private int lookup() {
    byte[] name = request.name();
    if (name.length > NAME_MAX) {
      // Nothing is ever made, linked or renamed under a name that was not looked up before.
      return reply.error(unique, Errnos.ENAMETOOLONG);
    }
    Status status = fs.lookup(node(), name, entry);
    if (status == Status.NOT_FOUND && caching.negativeSeconds() > 0) {
      return reply.noEntry(unique, caching.negativeSeconds());
    }
    return entryOrError(status);
  }

  private int forget(long number, long count) {
    if (negotiation.passthrough()) {
      backings.forget(number);
    }
    fs.forget(Successors.toFileSystem(number), count);
    return 0;
  }

  private int batchForget() {
    int length = request.batchForgetLength();
    for (int i = 0; i < length; i++) {
      forget(request.batchForgetNode(i), request.batchForgetCount(i));
    }
    return 0;
  }

  private int symlink() {
    byte[] name = request.name();
    byte[] target = request.nameAfter(name);
    return entryOrError(fs.symlink(caller(), node(), name, target, entry));
  }

  private int mknod() {
    return entryOrError(
        fs.mknod(
            caller(),
            node(),
            request.mknodName(),
            request.mknodMode(),
            request.mknodDevice(),
            entry));
  }

  private int mkdir() {
    return entryOrError(
        fs.mkdir(caller(), node(), request.mkdirName(), request.mkdirMode(), entry));
  }

  private int rename(boolean rename2) {
    int flags = rename2 ? request.rename2Flags() : 0;
    if ((flags & ~(Posix.RENAME_NOREPLACE | Posix.RENAME_EXCHANGE)) != 0) {
      return reply.error(unique, Errnos.EINVAL);
    }
    byte[] from = request.renameFrom(rename2);
    byte[] to = request.renameTo(rename2, from);
    return reply.status(unique, fs.rename(node(), from, request.renameParent(), to, flags));
  }

  private int link() {
    return entryOrError(
        fs.link(Successors.toFileSystem(request.linkNode()), node(), request.linkName(), entry));
  }

  private int readlink() {
    byte[] target = fs.readlink(node());
    return target == null ? reply.error(unique, Errnos.EINVAL) : reply.bytes(unique, target);
  }

  // Attributes

  private int setattr() {
    request.setattr(change);
    return attributesOrError(fs.setattr(node(), change, attributes));
  }

  private int statfs() {
    Status status = fs.statfs(usage);
    return status == Status.OK ? reply.usage(unique, usage) : reply.status(unique, status);
  }

  // Open files

  private int open() {
    long node = node();
    int flags = request.openFlags();
    Status status = fs.open(node, flags, file);
    if (status == Status.OK && (flags & Posix.O_TRUNC) != 0 && request.callerUid() != 0) {
      status = SetIdBits.clear(fs, node, attributes, change);
      if (status != Status.OK) {
        fs.release(node, flags);
      }
    }
    return status == Status.OK ? opened(request.node(), flags, 0) : reply.status(unique, status);
  }

  private int create() {
    int flags = request.openFlags();
    byte[] name = request.createName();
    Status status = fs.create(caller(), node(), name, request.createMode(), flags, entry, file);
    if (status == Status.EXISTS && (flags & Posix.O_EXCL) == 0) {
      status = openExisting(name, flags);
    }
    return created(status, flags);
  }

  /** For a name that came to be after the kernel was told that it does not exist. */
  private Status openExisting(byte[] name, int flags) {
    Status status = fs.lookup(node(), name, entry);
    if (status == Status.OK) {
      status = fs.open(entry.node, flags, file);
      if (status != Status.OK) {
        fs.forget(entry.node, 1);
      }
    }
    return status;
  }

  private int tmpfile() {
    int flags = request.openFlags();
    return created(fs.tmpfile(caller(), node(), request.createMode(), flags, entry, file), flags);
  }

  private int created(Status status, int flags) {
    if (status != Status.OK) {
      return reply.status(unique, status);
    }
    putEntry();
    return opened(successors.toKernel(entry.node), flags, Reply.ENTRY);
  }

  /**
   * Completes the reply to an open that the filesystem has agreed to.
   *
   * @param number the node's number in the kernel
   * @param before where the structure starts: there is an entry before it when a file was created
   */
  private int opened(long number, int flags, int before) {
    long handle = flags & 0xffffffffL;
    if (!negotiation.passthrough()) {
      int keep = file.arriving ? 0 : Protocol.FOPEN_KEEP_CACHE;
      return reply.open(unique, before, handle, keep, 0);
    }
    long node = Successors.toFileSystem(number);
    int backing = backings.open(number, node, flags, file);
    if (backing == Backings.CONFLICT) {
      // The content may have moved between the filesystem's open and now: look once more.
      fs.release(node, flags);
      Status status = fs.open(node, flags & ~Posix.O_TRUNC, file);
      if (status != Status.OK) {
        return takeBack(node, before, reply.status(unique, status));
      }
      backing = backings.open(number, node, flags, file);
    }
    if (backing == Backings.CONFLICT) {
      fs.release(node, flags);
      return takeBack(node, before, reply.error(unique, succeed(number)));
    }
    if (backing < 0) {
      fs.release(node, flags);
      return takeBack(node, before, reply.failure(unique, backing));
    }
    if (backing == Backings.NONE) {
      boolean outdated = file.arriving || (backings.used() && !file.served);
      int keep = outdated ? 0 : Protocol.FOPEN_KEEP_CACHE;
      return reply.open(unique, before, handle, keep, 0);
    }
    return reply.open(unique, before, handle, Protocol.FOPEN_PASSTHROUGH, backing);
  }

  /** The errno that makes the kernel open the successor of a node instead. */
  private int succeed(long number) {
    if (!successors.succeed(number)) {
      return Errnos.EBUSY;
    }
    notices.forgetAttributes(number);
    return Errnos.ESTALE;
  }

  /** A create that fails after all hands out no entry. */
  private int takeBack(long node, int before, int length) {
    if (before > 0) {
      fs.forget(node, 1);
    }
    return length;
  }

  private int release() {
    if (negotiation.passthrough()) {
      backings.release(request.node());
    }
    fs.release(node(), (int) request.handle());
    return reply.ok(unique, 0);
  }

  private int read() {
    long size = Math.min(request.ioSize(), reply.capacity());
    long count = fs.read(node(), request.ioOffset(), size, replyAddress + Reply.HEADER);
    return count >= 0 ? reply.ok(unique, (int) count) : reply.failure(unique, count);
  }

  private int write() {
    long node = node();
    int size = request.ioSize();
    if ((request.writeFlags() & Protocol.WRITE_KILL_SUIDGID) != 0) {
      Status status = SetIdBits.clear(fs, node, attributes, change);
      if (status != Status.OK) {
        return reply.status(unique, status);
      }
    }
    long count = fs.write(node, request.ioOffset(), size, requestAddress + Request.WRITE_DATA);
    return count >= 0 ? reply.written(unique, (int) count) : reply.failure(unique, count);
  }

  private int fsync() {
    boolean dataOnly = (request.fsyncFlags() & Protocol.FSYNC_FDATASYNC) != 0;
    return reply.status(unique, fs.fsync(node(), dataOnly));
  }

  private int lseek() {
    long at = fs.seek(node(), request.seekOffset(), request.seekWhence());
    return at >= 0 ? reply.number(unique, at) : reply.failure(unique, at);
  }

  private int fallocate() {
    return reply.status(
        unique,
        fs.fallocate(
            node(), request.fallocateMode(), request.fallocateOffset(), request.fallocateLength()));
  }

  private int copyRange(boolean wide) {
    long count =
        fs.copyRange(
            node(),
            request.copyFromOffset(),
            Successors.toFileSystem(request.copyTo()),
            request.copyToOffset(),
            request.copyLength());
    if (count < 0) {
      return reply.failure(unique, count);
    }
    return wide ? reply.number(unique, count) : reply.written(unique, (int) count);
  }

  // Directories

  /** ENOSYS makes the kernel open directories by itself and keep their listings. */
  private int opendir() {
    return caching.directories()
        ? reply.error(unique, Errnos.ENOSYS)
        : reply.open(unique, 0, 0, 0, 0);
  }

  private int readdir(boolean plus) {
    long node = node();
    long offset = request.ioOffset();
    listing.begin(plus, request.ioSize());
    if (offset == 0) {
      Status status = fs.getattr(node, attributes);
      if (status != Status.OK) {
        return reply.status(unique, status);
      }
      listing.addDots(DirectoryReply.DOT, attributes, 1);
    }
    if (offset <= 1) {
      Status status = fs.getattr(fs.parent(node), attributes);
      if (status != Status.OK) {
        return reply.status(unique, status);
      }
      listing.addDots(DirectoryReply.DOT_DOT, attributes, 2);
    }
    Status status = fs.readdir(node, Math.max(offset, 2), listing);
    return status == Status.OK ? reply.ok(unique, listing.size()) : reply.status(unique, status);
  }

  // What several have in common

  private long node() {
    return Successors.toFileSystem(request.node());
  }

  private Caller caller() {
    request.caller(caller);
    return caller;
  }

  private int attributesOrError(Status status) {
    if (status != Status.OK) {
      return reply.status(unique, status);
    }
    boolean forgotten = attributes.volatileNow || successors.has(node());
    return reply.attributes(unique, attributes, forgotten ? 0 : caching.attributeSeconds());
  }

  private int entryOrError(Status status) {
    if (status != Status.OK) {
      return reply.status(unique, status);
    }
    putEntry();
    return reply.ok(unique, Reply.ENTRY);
  }

  private void putEntry() {
    reply.putEntry(Reply.HEADER, entry.node, entry.attributes, caching, successors);
  }
}
