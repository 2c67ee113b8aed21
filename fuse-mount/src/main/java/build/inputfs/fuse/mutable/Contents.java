package build.inputfs.fuse.mutable;

import build.inputfs.cas.posix.FileStat;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.posix.PosixException;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.FailureLog;
import build.inputfs.fuse.vfs.InputReader;
import build.inputfs.fuse.vfs.Mounted;
import build.inputfs.fuse.vfs.Status;
import build.inputfs.fuse.vfs.StatusErrno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a view's files: in the store while they are inputs, in the {@link Scratch} from the
 * first time somebody opens them for writing or truncates them.
 *
 * <p>Called without the tree's lock, as nearly everything here is I/O, and takes it for moments. A
 * file that is handed in is kept alive by the caller: it is open, or {@link #pin}ned.
 *
 * <p>A file moves from the store to the scratch at most once. Its descriptor of the input is then
 * kept until its last close, because another thread may be reading from it.
 */
final class Contents {
  /** Tells the two kinds of {@link build.inputfs.fuse.vfs.OpenFile#content} apart. */
  private static final long PRIVATE_CONTENT = 1L << 62;

  private final Posix posix;
  private final BlobSource source;
  private final InputReader inputs;
  private final Scratch scratch;
  private final Tree tree;
  private final FailureLog failures;
  final Allowance allowance;
  final CountedFiles counted;
  final LongAdder privateCopies = new LongAdder();
  final LongAdder privateCopyBytes = new LongAdder();
  private volatile @Nullable Mounted mounted;

  Contents(
      Posix posix,
      BlobSource source,
      Scratch scratch,
      Tree tree,
      FailureLog failures,
      Allowance allowance) {
    this.posix = posix;
    this.source = source;
    this.inputs = new InputReader(posix, source);
    this.scratch = scratch;
    this.tree = tree;
    this.failures = failures;
    this.allowance = allowance;
    this.counted = new CountedFiles(posix, allowance);
  }

  /** The token of {@link build.inputfs.fuse.vfs.OpenFile#content}. */
  static long token(Content content) {
    return switch (content) {
      case Content.Input input -> 0;
      case Content.Private own -> PRIVATE_CONTENT | own.number();
    };
  }

  /** Keeps {@code file} alive as an open would. With the lock. */
  static void pin(FileNode file) {
    file.opens++;
  }

  /** Undoes one open, or a {@link #pin}. */
  void unpin(FileNode file, boolean writer) {
    Content.@Nullable Private doomed = null;
    int descriptor = -1;
    int retired = -1;
    tree.lock.lock();
    try {
      file.opens--;
      if (writer && --file.writers == 0) {
        file.invalidate();
      }
      if (file.opens == 0) {
        descriptor = file.descriptor;
        retired = file.retiredDescriptor;
        file.descriptor = -1;
        file.descriptorUnused = false;
        file.retiredDescriptor = -1;
        tree.untouch(file);
        doomed = dropIfUnused(file);
      }
    } finally {
      tree.lock.unlock();
    }
    close(descriptor);
    close(retired);
    remove(doomed);
  }

  /**
   * Forgets a node that has no name, no lookup and no open any more. With the lock.
   *
   * @return the content that the caller removes when it has given the lock back, or null
   */
  Content.@Nullable Private dropIfUnused(Inode node) {
    if (node.nlink > 0 || node.lookups > 0) {
      return null;
    }
    if (node instanceof FileNode file && file.opens > 0) {
      return null;
    }
    tree.table.remove(node);
    allowance.giveFiles(node.charge + node.linkCharge);
    if (node.leaving) {
      allowance.countLeaving(-1);
    }
    return node instanceof FileNode file && file.content instanceof Content.Private own
        ? own
        : null;
  }

  /** Removes content from the disk; null is nothing to do. Without the lock. */
  void remove(Content.@Nullable Private doomed) {
    if (doomed != null) {
      scratch.remove(doomed.number());
      counted.give(doomed.charge());
    }
  }

  /** Closes the descriptors of files that were open when serving ended. Nothing is called after. */
  void closeDescriptors() {
    tree.lock.lock();
    try {
      tree.table.forEach(
          node -> {
            if (node instanceof FileNode file) {
              close(file.descriptor);
              close(file.retiredDescriptor);
              file.descriptor = -1;
              file.retiredDescriptor = -1;
            }
          });
    } finally {
      tree.lock.unlock();
    }
  }

  private void close(int descriptor) {
    if (descriptor >= 0) {
      posix.close(descriptor);
    }
  }

  /** Something that is done with an input's blob, and may have to wait for it. */
  private interface InputCall<V> {
    V run() throws IOException;
  }

  private <V> V onInput(FileNode file, Content.Input input, String operation, InputCall<V> call)
      throws Refusal {
    long waited = source.waitedNanos();
    try {
      return call.run();
    } catch (IOException e) {
      failures.record(operation, file.path(), input.digest(), e);
      throw Refusal.of(Status.IO_ERROR);
    } finally {
      waited = source.waitedNanos() - waited;
      if (waited > 0) {
        failures.waited(file.path(), input.digest(), waited);
      }
    }
  }

  /** The path of an input, which is checked to be there. */
  private Path locate(FileNode file, Content.Input input, String operation) throws Refusal {
    return onInput(file, input, operation, () -> source.locate(input.digest(), input.executable()));
  }

  /**
   * Whether all of an input that is opened is there and right. If not, its start is: whoever reads
   * on asks for what he reads, see {@link #arriving}.
   */
  boolean isWhole(FileNode file, Content.Input input) throws Refusal {
    return onInput(
        file,
        input,
        "open",
        () ->
            source
                .locate(input.digest(), input.executable(), 0, 1, new Doubt(this, file.id, input))
                .verified());
  }

  /** The input that an open file is, if that is still on its way; else null. */
  Content.@Nullable Input arriving(FileNode file) {
    tree.lock.lock();
    try {
      boolean opened = file.descriptor >= 0;
      return !opened
              && file.content instanceof Content.Input input
              && source.isArriving(input.digest())
          ? input
          : null;
    } finally {
      tree.lock.unlock();
    }
  }

  /** Reads from an input as soon as the wanted bytes are there. */
  long readArriving(FileNode file, Content.Input input, long offset, long length, long address)
      throws Refusal {
    return onInput(
        file,
        input,
        "read",
        () ->
            inputs.read(
                input.digest(),
                input.executable(),
                offset,
                length,
                address,
                new Doubt(this, file.id, input)));
  }

  /** Says where the view is served from now on, for what the kernel is to be told. */
  void servedBy(Mounted mount) {
    mounted = mount;
  }

  /** A file whose bytes the kernel was given before it was known that the blob is right. */
  private record Doubt(Contents contents, long node, Content.Input input)
      implements BlobSource.Watcher {
    @Override
    public void failed(IOException cause) {
      contents.failures.record("read", contents.pathOf(node), input.digest(), cause);
      Mounted mounted = contents.mounted;
      if (mounted != null) {
        mounted.forgetContent(node);
      }
    }
  }

  private String pathOf(long node) {
    tree.lock.lock();
    try {
      Inode inode = tree.table.get(node);
      return inode instanceof FileNode file ? file.path() : "";
    } finally {
      tree.lock.unlock();
    }
  }

  /**
   * Makes {@code file} private, if it is not yet.
   *
   * @param keep how many bytes of the input to keep, from its start
   */
  void makePrivate(FileNode file, long keep) throws Refusal {
    synchronized (file) { // one copy at a time of one file
      Attributes before = new Attributes();
      Content content;
      tree.lock.lock();
      try {
        content = file.content;
        file.fill(before);
      } finally {
        tree.lock.unlock();
      }
      if (!(content instanceof Content.Input input)) {
        return;
      }
      long wanted = Math.min(keep, before.size);
      Content.Private own = allocate();
      allowance.takeFile();
      int made;
      try {
        made = copyInput(file, input, own, wanted, wanted == before.size);
      } catch (Refusal refusal) {
        allowance.giveFiles(1);
        throw refusal;
      }
      long[] times = {
        before.atimeSeconds, before.atimeNanos, before.mtimeSeconds, before.mtimeNanos
      };
      int stamped = scratch.setTimes(own.number(), times);
      if (stamped < 0) {
        posix.close(made);
        allowance.giveFiles(1);
        throw diskFailure(file, own, "set times", stamped);
      }
      privateCopies.increment();
      privateCopyBytes.add(wanted);
      tree.lock.lock();
      try {
        file.content = own;
        file.charge++;
        file.origin = null;
        file.retiredDescriptor = file.descriptor;
        file.descriptor = made;
        file.descriptorUnused = true;
        file.invalidate();
      } finally {
        tree.lock.unlock();
      }
    }
  }

  private int copyInput(
      FileNode file, Content.Input input, Content.Private own, long length, boolean whole)
      throws Refusal {
    long taken = allowance.countsBytes() ? counted.takeNew(length) : 0;
    int to = scratch.create(own.number());
    if (to < 0) {
      allowance.correctBytes(-taken);
      throw diskFailure(file, own, "create", to);
    }
    boolean copied = false;
    try {
      if (length > 0) {
        Path blob = locate(file, input, "copy");
        int from = posix.open(blob, Posix.O_RDONLY, 0);
        if (from < 0) {
          throw inputFailure(file, input, "open " + blob, from);
        }
        int result = scratch.copy(from, to, length, whole);
        posix.close(from);
        if (result < 0) {
          throw diskFailure(file, own, "copy", result);
        }
      }
      copied = true;
      return to;
    } finally {
      if (allowance.countsBytes()) {
        counted.settle(own.charge(), to, taken);
      }
      if (!copied) {
        posix.close(to);
        remove(own);
      }
    }
  }

  /** Creates an empty private file: its descriptor. */
  int create(Content.Private own) throws Refusal {
    int made = scratch.create(own.number());
    if (made < 0) {
      throw refusal("create", "", made);
    }
    return made;
  }

  /** Sets the length of {@code file}, which becomes private. */
  void truncate(FileNode file, long size) throws Refusal {
    makePrivate(file, size);
    try {
      int descriptor = descriptor(file);
      int truncated = posix.ftruncate(descriptor, size);
      if (allowance.countsBytes()) {
        counted.settle(own(file).charge(), descriptor, 0);
      }
      result(truncated, file, "truncate");
    } finally {
      invalidate(file);
    }
  }

  /** The content of a file that has become private. */
  Content.Private own(FileNode file) throws Refusal {
    tree.lock.lock();
    try {
      if (file.content instanceof Content.Private own) {
        return own;
      }
    } finally {
      tree.lock.unlock();
    }
    throw Refusal.of(Status.INVALID);
  }

  /** Brings the attributes of a private file up to date. */
  void refresh(FileNode file) throws Refusal {
    Content content;
    tree.lock.lock();
    try {
      if (!file.needsStat()) {
        return;
      }
      content = file.content;
    } finally {
      tree.lock.unlock();
    }
    if (content instanceof Content.Private own) {
      FileStat stat = new FileStat();
      result(scratch.stat(own.number(), stat), file, "stat");
      tree.lock.lock();
      try {
        file.refresh(stat);
      } finally {
        tree.lock.unlock();
      }
    }
  }

  /** A number for new content. */
  Content.Private allocate() {
    return new Content.Private(scratch.allocate(), new Charge());
  }

  /** The time for what happens now: seconds and nanoseconds. */
  long[] now() {
    long[] now = new long[2];
    posix.fileTime(now);
    return now;
  }

  /** Fills in the attributes of a file that the disk may have to be asked about. */
  Status refreshed(FileNode file, Attributes out) {
    try {
      refresh(file);
    } catch (Refusal refusal) {
      return refusal.status;
    }
    tree.lock.lock();
    try {
      file.fill(out);
      return Status.OK;
    } finally {
      tree.lock.unlock();
    }
  }

  /** Sets the times of a private file on the disk, in the form of {@link Posix#utimensat}. */
  void setTimes(FileNode file, Content.Private own, long[] times) throws Refusal {
    result(scratch.setTimes(own.number(), times), file, "set times");
    invalidate(file);
  }

  /** A new descriptor of the content, which the caller closes. */
  int newDescriptor(FileNode file) throws Refusal {
    Content content;
    tree.lock.lock();
    try {
      content = file.content;
      if (file.descriptorUnused) {
        int handedOver = file.descriptor;
        file.descriptor = -1;
        file.descriptorUnused = false;
        return handedOver;
      }
    } finally {
      tree.lock.unlock();
    }
    return open(file, content);
  }

  /** The descriptor of the content that lives as long as {@code file} is open. */
  int descriptor(FileNode file) throws Refusal {
    while (true) {
      Content content;
      tree.lock.lock();
      try {
        if (file.descriptor >= 0) {
          file.descriptorUnused = false;
          return file.descriptor;
        }
        content = file.content;
      } finally {
        tree.lock.unlock();
      }
      int opened = open(file, content);
      tree.lock.lock();
      try {
        if (file.descriptor < 0 && file.content.equals(content)) {
          file.descriptor = opened;
          return opened;
        }
      } finally {
        tree.lock.unlock();
      }
      posix.close(opened); // another thread was faster
    }
  }

  private int open(FileNode file, Content content) throws Refusal {
    return switch (content) {
      case Content.Input input ->
          onInput(file, input, "open", () -> inputs.open(input.digest(), input.executable()));
      case Content.Private own -> result(scratch.open(own.number()), file, "open");
    };
  }

  private void invalidate(FileNode file) {
    tree.lock.lock();
    try {
      file.invalidate();
    } finally {
      tree.lock.unlock();
    }
  }

  /** Passes a result on; a failure of the disk is a refusal. */
  private int result(int result, FileNode file, String operation) throws Refusal {
    return (int) result((long) result, file, operation);
  }

  /** As {@link #result(int, FileNode, String)}, for sizes and offsets. */
  long result(long result, FileNode file, String operation) throws Refusal {
    if (result < 0) {
      throw refusal(operation, file.path(), (int) result);
    }
    return result;
  }

  private Refusal inputFailure(FileNode file, Content.Input input, String what, int result) {
    failures.record("open", file.path(), input.digest(), new PosixException(what, -result));
    return Refusal.of(Status.IO_ERROR);
  }

  private Refusal diskFailure(FileNode file, Content.Private own, String operation, int result) {
    remove(own);
    return refusal(operation, file.path(), result);
  }

  private Refusal refusal(String operation, String path, int result) {
    Status status = StatusErrno.ofErrno(-result);
    if (status == Status.IO_ERROR) {
      failures.record(operation, path, null, new PosixException("scratch file", -result));
    } else if (status == Status.NO_SPACE || status == Status.QUOTA_EXCEEDED) {
      allowance.diskRefused();
    }
    return Refusal.of(status);
  }
}
