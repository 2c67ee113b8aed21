package build.inputfs.fuse.vfs;

import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A filesystem that keeps its tree in memory and each file's content in a file that has lost its
 * name. Simple and correct rather than fast: one lock for all. Files that a test adds by {@link
 * #addInput} behave as inputs do: their content never changes, and who opens one for writing gets a
 * private copy.
 */
public class MemoryFileSystem implements FileSystem, AutoCloseable {
  private static final int F_DUPFD_CLOEXEC = 1030;
  private static final int FALLOC_FL_KEEP_SIZE = 1;

  /** A file, directory or symlink. */
  private static final class Node {
    final long number;
    int mode;
    int uid;
    int gid;
    int nlink = 1;
    long lookups;
    int writers;
    int opens;

    /** Seconds and nanoseconds of the last access, change of content, and change of status. */
    final long[] atime = new long[2];

    final long[] mtime = new long[2];
    final long[] ctime = new long[2];

    /** The time of change that the content's file had when last looked at. */
    final long[] seen = new long[2];

    // Directories.
    @Nullable Node parent;
    final TreeMap<Long, String> order = new TreeMap<>();
    final Map<String, Child> children = new HashMap<>();
    long lastCookie = 2;

    // Regular files.
    int fd = -1;
    long content;
    boolean immutable;

    byte @Nullable [] target;

    Node(long number, int mode) {
      this.number = number;
      this.mode = mode;
    }

    int type() {
      return mode & FileType.MASK;
    }
  }

  private record Child(Node node, long cookie) {}

  private final Posix posix;
  private final Path disk;
  private final Map<Long, Node> nodes = new HashMap<>();
  private long lastNumber = ROOT;
  private long lastContent;

  /**
   * @param disk a directory for the files' contents
   */
  public MemoryFileSystem(Posix posix, Path disk) {
    this.posix = posix;
    this.disk = disk;
    Node root = new Node(ROOT, FileType.DIRECTORY | 0755);
    root.uid = posix.geteuid();
    root.gid = posix.getegid();
    root.nlink = 2;
    root.lookups = 1;
    root.parent = root;
    touch(root.atime, root.mtime, root.ctime);
    nodes.put(ROOT, root);
  }

  /** Puts a file with content that never changes into the root directory. */
  public synchronized void addInput(String name, byte[] content) {
    Node node = newNode(FileType.REGULAR | 0444);
    newContent(node);
    node.immutable = true;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, content.length));
      MemorySegment.copy(content, 0, bytes, ValueLayout.JAVA_BYTE, 0, content.length);
      posix.pwrite(node.fd, bytes.address(), content.length, 0);
    }
    put(node(ROOT), name, node);
  }

  public synchronized void addInput(String name, String content) {
    addInput(name, content.getBytes(StandardCharsets.UTF_8));
  }

  /** How many nodes the kernel or the tree still refers to. */
  public synchronized int nodeCount() {
    return nodes.size();
  }

  /** How many opens were not released. */
  public synchronized int openCount() {
    return nodes.values().stream().mapToInt(n -> n.opens).sum();
  }

  /** Waits until all is released: the kernel tells after the close(2) that a program sees. */
  public void awaitNoOpens() throws InterruptedException {
    long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (openCount() > 0) {
      if (System.nanoTime() > limit) {
        throw new AssertionError(openCount() + " opens are not released");
      }
      Thread.sleep(1);
    }
  }

  /** What a file in the root directory holds, on the disk. */
  public synchronized byte[] contentOf(String name) {
    Child child = node(ROOT).children.get(name);
    if (child == null) {
      throw new IllegalArgumentException(name);
    }
    FileStat stat = new FileStat();
    posix.fstat(child.node.fd, stat);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, stat.size()));
      posix.pread(child.node.fd, bytes.address(), stat.size(), 0);
      return bytes.asSlice(0, stat.size()).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Override
  public synchronized void close() {
    for (Node node : nodes.values()) {
      closeContent(node);
    }
    nodes.clear();
  }

  /** For subclasses: called before each lookup, without the lock. */
  protected void beforeLookup(String name) {}

  /** For subclasses: called before the attributes of a node are given, without the lock. */
  void beforeGetattr(long node) {}

  @Override
  public final Status lookup(long parent, byte[] name, Entry out) {
    beforeLookup(text(name));
    return find(parent, name, out);
  }

  private synchronized Status find(long parent, byte[] name, Entry out) {
    Child child = node(parent).children.get(text(name));
    if (child == null) {
      return Status.NOT_FOUND;
    }
    return hand(child.node, out);
  }

  @Override
  public synchronized void forget(long number, long count) {
    Node node = node(number);
    node.lookups -= count;
    if (node.lookups < 0) {
      throw new IllegalStateException("node " + number + " is forgotten too often");
    }
    reap(node);
  }

  @Override
  public final Status getattr(long node, Attributes out) {
    beforeGetattr(node);
    return attributes(node, out);
  }

  private synchronized Status attributes(long node, Attributes out) {
    fill(node(node), out);
    return Status.OK;
  }

  @Override
  public synchronized Status setattr(long number, AttributeChange change, Attributes out) {
    Node node = node(number);
    if (change.setSize) {
      makePrivate(node);
      int result = posix.ftruncate(node.fd, change.size);
      if (result < 0) {
        return StatusErrno.ofErrno(-result);
      }
      touch(node.mtime);
    }
    if (change.setMode) {
      node.mode = node.type() | (change.mode & 07777);
    }
    if (change.setUid) {
      node.uid = change.uid;
    }
    if (change.setGid) {
      node.gid = change.gid;
    }
    if (change.setAtime) {
      node.atime[0] = change.atimeSeconds;
      node.atime[1] = change.atimeNanos;
    }
    if (change.setMtime) {
      node.mtime[0] = change.mtimeSeconds;
      node.mtime[1] = change.mtimeNanos;
    }
    if (change.atimeNow) {
      touch(node.atime);
    }
    if (change.mtimeNow) {
      touch(node.mtime);
    }
    if (change.setMtime || change.mtimeNow) {
      seeDisk(node);
    }
    touch(node.ctime);
    fill(node, out);
    return Status.OK;
  }

  @Override
  public synchronized byte @Nullable [] readlink(long node) {
    return node(node).target;
  }

  @Override
  public synchronized Status mknod(
      Caller caller, long parent, byte[] name, int mode, int device, Entry out) {
    int type = mode & FileType.MASK;
    if (type == FileType.BLOCK_DEVICE || type == FileType.CHARACTER_DEVICE) {
      return Status.NOT_PERMITTED;
    }
    return make(caller, parent, name, mode, out);
  }

  @Override
  public synchronized Status mkdir(Caller caller, long parent, byte[] name, int mode, Entry out) {
    return make(caller, parent, name, FileType.DIRECTORY | (mode & 07777), out);
  }

  @Override
  public synchronized Status symlink(
      Caller caller, long parent, byte[] name, byte[] target, Entry out) {
    Status status = make(caller, parent, name, FileType.SYMLINK | 0777, out);
    if (status == Status.OK) {
      node(out.node).target = target;
      fill(node(out.node), out.attributes);
    }
    return status;
  }

  @Override
  public synchronized Status link(long number, long newParent, byte[] newName, Entry out) {
    Node node = node(number);
    if (node(newParent).children.containsKey(text(newName))) {
      return Status.EXISTS;
    }
    node.nlink++;
    touch(node.ctime);
    put(node(newParent), text(newName), node);
    return hand(node, out);
  }

  @Override
  public synchronized Status unlink(long parent, byte[] name) {
    Child child = node(parent).children.get(text(name));
    if (child == null) {
      return Status.NOT_FOUND;
    }
    if (child.node.type() == FileType.DIRECTORY) {
      return Status.IS_DIRECTORY;
    }
    remove(node(parent), text(name));
    return Status.OK;
  }

  @Override
  public synchronized Status rmdir(long parent, byte[] name) {
    Child child = node(parent).children.get(text(name));
    if (child == null) {
      return Status.NOT_FOUND;
    }
    if (child.node.type() != FileType.DIRECTORY) {
      return Status.NOT_DIRECTORY;
    }
    if (!child.node.children.isEmpty()) {
      return Status.NOT_EMPTY;
    }
    remove(node(parent), text(name));
    return Status.OK;
  }

  @Override
  public synchronized Status rename(
      long parent, byte[] name, long newParent, byte[] newName, int flags) {
    Node from = node(parent);
    Node to = node(newParent);
    Child moved = from.children.get(text(name));
    Child target = to.children.get(text(newName));
    if (moved == null) {
      return Status.NOT_FOUND;
    }
    if (flags == Posix.RENAME_EXCHANGE) {
      if (target == null) {
        return Status.NOT_FOUND;
      }
      detach(from, text(name));
      detach(to, text(newName));
      put(from, text(name), target.node);
      put(to, text(newName), moved.node);
      touch(moved.node.ctime, target.node.ctime);
      return Status.OK;
    }
    if (target != null) {
      if (flags == Posix.RENAME_NOREPLACE) {
        return Status.EXISTS;
      }
      if (target.node == moved.node) {
        return Status.OK;
      }
      if (!target.node.children.isEmpty()) {
        return Status.NOT_EMPTY;
      }
      remove(to, text(newName));
    }
    detach(from, text(name));
    put(to, text(newName), moved.node);
    touch(moved.node.ctime);
    return Status.OK;
  }

  @Override
  public synchronized Status create(
      Caller caller, long parent, byte[] name, int mode, int flags, Entry out, OpenFile file) {
    Status status = make(caller, parent, name, FileType.REGULAR | (mode & 07777), out);
    return status == Status.OK ? open(out.node, flags, file) : status;
  }

  @Override
  public synchronized Status tmpfile(
      Caller caller, long parent, int mode, int flags, Entry out, OpenFile file) {
    Node node = newNode(FileType.REGULAR | (mode & 07777));
    node.uid = caller.uid;
    node.gid = caller.gid;
    node.nlink = 0;
    newContent(node);
    hand(node, out);
    return open(out.node, flags, file);
  }

  @Override
  public synchronized Status open(long number, int flags, OpenFile out) {
    Node node = node(number);
    if (writes(flags)) {
      makePrivate(node);
      node.writers++;
    }
    if ((flags & Posix.O_TRUNC) != 0) {
      posix.ftruncate(node.fd, 0);
      touch(node.mtime, node.ctime);
    }
    node.opens++;
    out.content = node.content;
    out.immutable = node.immutable;
    return Status.OK;
  }

  @Override
  public synchronized void release(long number, int flags) {
    Node node = node(number);
    if (writes(flags)) {
      node.writers--;
      takeTimes(node);
    }
    node.opens--;
    if (node.opens < 0 || node.writers < 0) {
      throw new IllegalStateException("node " + number + " is released too often");
    }
    reap(node);
  }

  @Override
  public synchronized int backingDescriptor(long node, int flags) {
    return posix.fcntl(node(node).fd, F_DUPFD_CLOEXEC, 3);
  }

  @Override
  public synchronized long read(long number, long offset, long length, long address) {
    long done = 0;
    while (done < length) {
      long count = posix.pread(node(number).fd, address + done, length - done, offset + done);
      if (count < 0) {
        return StatusErrno.ofErrno((int) -count).asResult();
      }
      if (count == 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  @Override
  public synchronized long write(long number, long offset, long length, long address) {
    long done = 0;
    while (done < length) {
      long count = posix.pwrite(node(number).fd, address + done, length - done, offset + done);
      if (count < 0) {
        return StatusErrno.ofErrno((int) -count).asResult();
      }
      done += count;
    }
    return length;
  }

  @Override
  public synchronized Status fsync(long number, boolean dataOnly) {
    Node node = node(number);
    return node.fd < 0 ? Status.OK : status(posix.fsync(node.fd, dataOnly));
  }

  @Override
  public synchronized Status fallocate(long number, int mode, long offset, long length) {
    Node node = node(number);
    Status status = status(posix.fallocate(node.fd, mode, offset, length));
    if (status == Status.OK && (mode & FALLOC_FL_KEEP_SIZE) == 0) {
      touch(node.mtime, node.ctime);
    }
    return status;
  }

  @Override
  public synchronized long seek(long node, long offset, int whence) {
    long at = posix.lseek(node(node).fd, offset, whence);
    return at >= 0 ? at : StatusErrno.ofErrno((int) -at).asResult();
  }

  @Override
  public synchronized long copyRange(
      long from, long fromOffset, long to, long toOffset, long length) {
    long count =
        posix.copyFileRange(
            node(from).fd, new long[] {fromOffset}, node(to).fd, new long[] {toOffset}, length);
    return count >= 0 ? count : StatusErrno.ofErrno((int) -count).asResult();
  }

  @Override
  public synchronized Status readdir(long number, long offset, DirectorySink sink) {
    Node node = node(number);
    Entry entry = new Entry();
    for (Map.Entry<Long, String> next : node.order.tailMap(offset, false).entrySet()) {
      byte[] name = next.getValue().getBytes(StandardCharsets.ISO_8859_1);
      if (!sink.hasRoom(name.length)) {
        break;
      }
      Child child = node.children.get(next.getValue());
      if (child == null) {
        throw new IllegalStateException(next.getValue());
      }
      entry.node = 0;
      fill(child.node, entry.attributes);
      if (sink.wantsNodes()) {
        hand(child.node, entry);
      }
      sink.add(name, 0, name.length, entry, next.getKey());
    }
    return Status.OK;
  }

  @Override
  public synchronized long parent(long directory) {
    Node parent = node(directory).parent;
    return parent == null ? ROOT : parent.number;
  }

  @Override
  public synchronized Status statfs(FileSystemUsage out) {
    long[] usage = new long[8];
    int result = posix.statvfs(disk, usage);
    out.blockSize = usage[1];
    out.blocks = usage[2];
    out.freeBlocks = usage[3];
    out.availableBlocks = usage[4];
    out.files = usage[5];
    out.freeFiles = usage[6];
    return status(result);
  }

  private Status make(Caller caller, long parent, byte[] name, int mode, Entry out) {
    Node directory = node(parent);
    if (directory.children.containsKey(text(name))) {
      return Status.EXISTS;
    }
    if (directory.nlink == 0) {
      return Status.NOT_FOUND;
    }
    Node node = newNode(mode);
    node.uid = caller.uid;
    node.gid = caller.gid;
    if (node.type() == FileType.REGULAR) {
      newContent(node);
    } else if (node.type() == FileType.DIRECTORY) {
      node.nlink = 2;
    }
    put(directory, text(name), node);
    return hand(node, out);
  }

  private Node newNode(int mode) {
    Node node = new Node(++lastNumber, mode);
    touch(node.atime, node.mtime, node.ctime);
    nodes.put(node.number, node);
    return node;
  }

  private void put(Node directory, String name, Node node) {
    long cookie = ++directory.lastCookie;
    directory.order.put(cookie, name);
    directory.children.put(name, new Child(node, cookie));
    if (node.type() == FileType.DIRECTORY) {
      node.parent = directory;
      directory.nlink++;
    }
    touch(directory.mtime, directory.ctime);
  }

  private void detach(Node directory, String name) {
    Child child = directory.children.remove(name);
    if (child == null) {
      throw new IllegalStateException(name);
    }
    directory.order.remove(child.cookie);
    if (child.node.type() == FileType.DIRECTORY) {
      directory.nlink--;
    }
    touch(directory.mtime, directory.ctime);
  }

  private void remove(Node directory, String name) {
    Child child = directory.children.get(name);
    detach(directory, name);
    if (child != null) {
      child.node.nlink = child.node.type() == FileType.DIRECTORY ? 0 : child.node.nlink - 1;
      touch(child.node.ctime);
      reap(child.node);
    }
  }

  /** Drops a node that has no name and that nobody knows. */
  private void reap(Node node) {
    if (node.nlink == 0 && node.lookups == 0 && node.opens == 0) {
      closeContent(node);
      nodes.remove(node.number);
    }
  }

  private void newContent(Node node) {
    Path path = disk.resolve("content-" + ++lastContent);
    int fd = posix.open(path, Posix.O_RDWR | Posix.O_CREAT | Posix.O_EXCL, 0600);
    if (fd < 0) {
      throw new IllegalStateException("open " + path + ": errno " + -fd);
    }
    posix.unlinkat(Posix.AT_FDCWD, path.toString(), 0);
    node.fd = fd;
    node.content = lastContent;
    node.immutable = false;
    seeDisk(node);
  }

  private void closeContent(Node node) {
    if (node.fd >= 0) {
      posix.close(node.fd);
      node.fd = -1;
    }
  }

  private void makePrivate(Node node) {
    if (!node.immutable) {
      return;
    }
    int old = node.fd;
    newContent(node);
    FileStat stat = new FileStat();
    posix.fstat(old, stat);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(Math.max(1, stat.size()));
      posix.pread(old, bytes.address(), stat.size(), 0);
      posix.pwrite(node.fd, bytes.address(), stat.size(), 0);
    }
    posix.close(old);
  }

  private Node node(long number) {
    Node node = nodes.get(number);
    if (node == null) {
      throw new IllegalArgumentException("no node " + number);
    }
    return node;
  }

  private Status hand(Node node, Entry out) {
    node.lookups++;
    out.node = node.number;
    fill(node, out.attributes);
    return Status.OK;
  }

  private void fill(Node node, Attributes out) {
    out.ino = node.number;
    out.mode = node.mode;
    out.nlink = node.nlink;
    out.uid = node.uid;
    out.gid = node.gid;
    out.size = node.target == null ? 0 : node.target.length;
    out.blocks = 0;
    out.volatileNow = node.writers > 0;
    if (node.fd >= 0) {
      FileStat stat = new FileStat();
      posix.fstat(node.fd, stat);
      out.size = stat.size();
      out.blocks = stat.blocks();
      if (node.writers > 0) {
        takeTimes(node);
      }
    }
    out.atimeSeconds = node.atime[0];
    out.atimeNanos = (int) node.atime[1];
    out.mtimeSeconds = node.mtime[0];
    out.mtimeNanos = (int) node.mtime[1];
    out.ctimeSeconds = node.ctime[0];
    out.ctimeNanos = (int) node.ctime[1];
  }

  /** What was written through the backing file is known from that file's times alone. */
  private void takeTimes(Node node) {
    long seconds = node.seen[0];
    long nanos = node.seen[1];
    seeDisk(node);
    if (node.seen[0] != seconds || node.seen[1] != nanos) {
      node.mtime[0] = node.ctime[0] = node.seen[0];
      node.mtime[1] = node.ctime[1] = node.seen[1];
    }
  }

  private void seeDisk(Node node) {
    FileStat stat = new FileStat();
    if (node.fd >= 0 && posix.fstat(node.fd, stat) == 0) {
      node.seen[0] = stat.mtimeSeconds();
      node.seen[1] = stat.mtimeNanos();
    }
  }

  private void touch(long[]... times) {
    for (long[] time : times) {
      posix.fileTime(time);
    }
  }

  private static Status status(int result) {
    return result < 0 ? StatusErrno.ofErrno(-result) : Status.OK;
  }

  private static boolean writes(int flags) {
    return (flags & Posix.O_ACCMODE) != Posix.O_RDONLY;
  }

  private static String text(byte[] name) {
    return new String(name, StandardCharsets.ISO_8859_1);
  }
}
