package build.inputfs.fuse.mutable;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.View;
import build.inputfs.cache.view.ViewSpec;
import build.inputfs.cache.view.ViewStrategy;
import build.inputfs.cas.meter.Reading;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.scratch.Room;
import build.inputfs.fuse.scratch.Rooms;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FailureLog;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.Mounted;
import build.inputfs.fuse.vfs.Status;
import build.inputfs.fuse.vfs.Transport;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.function.Consumer;

/**
 * The {@code fuse} strategy: a view is a {@link MutableFileSystem} of its own, served over FUSE. It
 * needs no privilege beyond mounting, and every request of the action can be seen. Thread-safe.
 */
public final class FuseStrategy implements ViewStrategy {
  private final Posix posix;
  private final Transport transport;
  private final BlobSource source;
  private final TreeReader reader;
  private final Path scratchParent;
  private final Rooms rooms;
  private final FuseTotals totals = new FuseTotals();

  /**
   * A strategy.
   *
   * @param source where the contents of inputs are
   * @param reader decodes directories, for all views together
   * @param scratchParent an existing directory on the disk that is to take what actions write
   */
  public FuseStrategy(
      Posix posix, Transport transport, BlobSource source, TreeReader reader, Path scratchParent) {
    this.posix = posix;
    this.transport = transport;
    this.source = source;
    this.reader = reader;
    this.scratchParent = scratchParent;
    this.rooms = new Rooms(posix);
  }

  @Override
  public String name() {
    return "fuse";
  }

  @Override
  public View open(ViewSpec spec) throws IOException {
    reader.directory(spec.root()); // a root that is missing or damaged is told at once
    LimitHits limits = new LimitHits(spec.scratch());
    Scratch scratch = Scratch.create(posix, rooms, scratchParent, spec.scratch(), limits);
    try {
      Room room = scratch.room();
      if (room.refuses()) {
        room.limit();
      }
      long[] now = new long[2];
      posix.fileTime(now);
      FailureLog failures = new FailureLog();
      Tree tree = new Tree(reader, failures, spec.root(), spec.uid(), spec.gid(), now);
      Allowance allowance = new Allowance(spec.scratch(), limits, !room.refuses());
      Contents contents = new Contents(posix, source, scratch, tree, failures, allowance);
      MutableFileSystem fileSystem = new MutableFileSystem(posix, scratch, tree, contents);
      for (String output : spec.outputs()) {
        makeParents(fileSystem, spec, output);
      }
      Mounted mounted = transport.mount(fileSystem, spec.path(), spec.readOnly());
      contents.servedBy(mounted);
      return new FuseView(
          spec.path(),
          mounted,
          failures,
          limits,
          contents,
          new MutableTree(tree, contents, scratch),
          scratch,
          totals);
    } catch (IOException | RuntimeException e) {
      try {
        scratch.close();
      } catch (IOException leftBehind) {
        e.addSuppressed(leftBehind);
      }
      throw e;
    }
  }

  /** Makes the directories above {@code output}, as far as they are missing. */
  private static void makeParents(FileSystem fileSystem, ViewSpec spec, String output)
      throws IOException {
    Caller owner = new Caller();
    owner.uid = spec.uid();
    owner.gid = spec.gid();
    Entry entry = new Entry();
    Attributes attributes = entry.attributes;
    long parent = FileSystem.ROOT;
    int start = 0;
    for (int slash = output.indexOf('/'); slash >= 0; slash = output.indexOf('/', start)) {
      byte[] name = output.substring(start, slash).getBytes(StandardCharsets.UTF_8);
      Status status = fileSystem.lookup(parent, name, entry);
      if (status == Status.NOT_FOUND) {
        status = fileSystem.mkdir(owner, parent, name, 0755, entry);
      }
      if (status == Status.OK && (attributes.mode & FileType.MASK) != FileType.DIRECTORY) {
        status = Status.NOT_DIRECTORY;
      }
      if (status != Status.OK) {
        throw new IOException(
            "cannot make the directories above the output " + output + ": " + status);
      }
      // The lookup is not given back: a view of a few directories more is no loss.
      parent = entry.node;
      start = slash + 1;
    }
  }

  @Override
  public void meter(Consumer<Reading> to) {
    totals.meter(to);
  }

  @Override
  public void close() {
    rooms.close();
  }
}
