package build.inputfs.fuse.forest;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.InvalidDigestException;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.BlobSource;
import build.inputfs.cas.tree.InputDirectory;
import build.inputfs.cas.tree.Kind;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FailureRecorder;
import build.inputfs.fuse.vfs.FileSystemUsage;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.InputAttributes;
import build.inputfs.fuse.vfs.InputReader;
import build.inputfs.fuse.vfs.Mounted;
import build.inputfs.fuse.vfs.ReadOnlyFileSystem;
import build.inputfs.fuse.vfs.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The read-only filesystem of a forest: the directories {@code trees}, {@code layers} and {@code
 * skeletons}, and what is in them, found by name.
 *
 * <p>Any tree of the store appears in {@code trees} when it is looked up, as {@code <hash>-<size>};
 * layers and skeletons are there while they are {@link #show}n. Files are never opened: the kernel
 * is told so once, and every open after that is its own affair.
 *
 * <p>One lock, this object's, guards the nodes. Directories are read from the store outside it; as
 * what a digest names never changes, it does not matter which thread reads one first.
 */
final class ForestFileSystem extends ReadOnlyFileSystem {
  static final long TREES = 2;
  static final long LAYERS = 3;
  static final long SKELETONS = 4;
  private static final long FIRST_ROOT = 16;

  private static final String[] TOP_NAMES = {"trees", "layers", "skeletons"};

  private static final byte[][] TOPS = {
    TOP_NAMES[0].getBytes(StandardCharsets.UTF_8),
    TOP_NAMES[1].getBytes(StandardCharsets.UTF_8),
    TOP_NAMES[2].getBytes(StandardCharsets.UTF_8)
  };

  private static final int MAX_NAME = 255;

  /** What offsets in a listing are ahead of positions: {@code .} and {@code ..}. */
  private static final int DOTS = 2;

  private final BlobSource source;
  private final InputReader contents;
  private final TreeReader reader;
  private final InputAttributes inputs;
  private final FailureRecorder failures;

  // Guarded by this.
  private final LongAdder readBytes = new LongAdder();
  private final ForestNodes nodes = new ForestNodes();
  private final Map<String, ForestDirectory> trees = new HashMap<>();
  private final Map<String, ForestDirectory> shown = new HashMap<>();
  private long nextRoot = FIRST_ROOT;

  private volatile @Nullable Mounted mounted;

  ForestFileSystem(
      Posix posix,
      BlobSource source,
      TreeReader reader,
      InputAttributes inputs,
      FailureRecorder failures) {
    this.source = source;
    this.contents = new InputReader(posix, source);
    this.reader = reader;
    this.inputs = inputs;
    this.failures = failures;
  }

  /** Says where it is served from now on, for what the kernel is to be told. */
  void servedBy(Mounted mount) {
    mounted = mount;
  }

  /** How many nodes the kernel knows. */
  synchronized int nodeCount() {
    return nodes.size();
  }

  /** How many bytes of files were read for the kernel. */
  long readBytes() {
    return readBytes.sum();
  }

  /**
   * Shows {@code listing} as {@code name} in {@link #LAYERS} or {@link #SKELETONS}, unless that is
   * shown already. Nobody may have looked for the name before: the kernel remembers what is not
   * there.
   */
  synchronized void show(long top, String name, ComposedListing listing) {
    shown.computeIfAbsent(top + "/" + name, key -> root(null, listing));
  }

  /** No longer shows it. What the kernel knows of it stays until the kernel forgets it. */
  synchronized void hide(long top, String name) {
    shown.remove(top + "/" + name);
  }

  private ForestDirectory root(@Nullable Digest digest, @Nullable Listing listing) {
    return new ForestDirectory(nextRoot++, null, -1, NodeHash.ROOT_PATH, digest, listing);
  }

  /** The name of {@link #TREES}, {@link #LAYERS} or {@link #SKELETONS}. */
  static String topName(long top) {
    return TOP_NAMES[(int) (top - TREES)];
  }

  /** The name of a whole tree in {@link #TREES}. */
  static String treeName(Digest digest) {
    return digest.hex() + "-" + digest.size();
  }

  @Override
  public Status lookup(long parent, byte[] name, Entry out) {
    if (name.length > MAX_NAME) {
      return Status.NAME_TOO_LONG;
    }
    if (parent < FIRST_ROOT) {
      return parent == ROOT ? lookupTop(name, out) : lookupRoot(parent, name, out);
    }
    ForestDirectory directory = directory(parent);
    Listing listing = directory == null ? null : load(directory);
    if (directory == null || listing == null) {
      return directory == null ? Status.NOT_FOUND : Status.IO_ERROR;
    }
    int index = listing.find(name);
    return index < 0 ? Status.NOT_FOUND : found(directory, listing, index, out);
  }

  private Status lookupTop(byte[] name, Entry out) {
    for (int i = 0; i < TOPS.length; i++) {
      if (Arrays.equals(TOPS[i], name)) {
        out.node = TREES + i;
        return getattr(out.node, out.attributes);
      }
    }
    return Status.NOT_FOUND;
  }

  private Status lookupRoot(long top, byte[] name, Entry out) {
    String text = new String(name, StandardCharsets.UTF_8);
    ForestDirectory root;
    synchronized (this) {
      root = top == TREES ? trees.get(text) : shown.get(top + "/" + text);
    }
    if (root == null && top == TREES) {
      root = tree(text);
    }
    if (root == null) {
      return Status.NOT_FOUND;
    }
    Listing listing = load(root);
    if (listing == null) {
      return Status.IO_ERROR;
    }
    synchronized (this) {
      if (top == TREES) {
        ForestDirectory first = trees.putIfAbsent(text, root);
        root = first == null ? root : first;
      }
      nodes.lookupRoot(root);
    }
    out.node = root.id;
    fillDirectory(root.id, listing, out.attributes);
    return Status.OK;
  }

  /** A root for the tree called {@code name}, or null where that is not the name of a digest. */
  private @Nullable ForestDirectory tree(String name) {
    try {
      Digest digest = Digest.parse(name);
      if (!treeName(digest).equals(name)) {
        return null; // one name for one tree
      }
      synchronized (this) {
        return root(digest, null);
      }
    } catch (InvalidDigestException e) {
      return null;
    }
  }

  /** Counts a lookup of an entry, and fills in what it is. */
  private Status found(ForestDirectory directory, Listing listing, int index, Entry out) {
    if (!listing.isDirectory(index)) {
      synchronized (this) {
        out.node = nodes.lookupLeaf(directory, index);
      }
      fillLeaf(listing, index, out.node, out.attributes);
      return Status.OK;
    }
    ForestDirectory child = child(directory, listing, index);
    Listing below = load(child);
    if (below == null) {
      forget(child.id, 1);
      return Status.IO_ERROR;
    }
    out.node = child.id;
    fillDirectory(child.id, below, out.attributes);
    return Status.OK;
  }

  /** The directory that is entry {@code index}; counts a lookup of it. */
  private synchronized ForestDirectory child(
      ForestDirectory directory, Listing listing, int index) {
    ForestDirectory known = nodes.lookupDirectory(directory.id, index);
    if (known != null) {
      return known;
    }
    ComposedListing composed = listing.composed(index);
    ForestDirectory child =
        new ForestDirectory(
            nodes.freeDirectoryId(directory.id, index),
            directory,
            index,
            NodeHash.path(directory.pathHash, listing, index),
            composed == null ? listing.directoryDigest(index) : null,
            composed);
    nodes.add(child);
    return child;
  }

  private void fillLeaf(Listing listing, int index, long id, Attributes out) {
    if (listing.isWhiteout(index)) {
      inputs.fillDirectory(0, id, out);
      out.mode = FileType.CHARACTER_DEVICE;
      out.nlink = 1;
      out.size = 0;
      out.blocks = 0;
    } else {
      inputs.fillLeaf(listing.source(index), listing.sourceIndex(index), id, out);
    }
  }

  private void fillDirectory(long id, Listing listing, Attributes out) {
    InputDirectory self = listing.self();
    if (self == null) {
      inputs.fillDirectory(listing.directoryCount(), id, out);
    } else {
      inputs.fillDirectory(self, id, out);
      out.nlink = 2 + listing.directoryCount();
    }
  }

  private synchronized @Nullable ForestDirectory directory(long id) {
    return nodes.directory(id);
  }

  /** The listing of {@code directory}, read if it has not been yet; null where that fails. */
  private @Nullable Listing load(ForestDirectory directory) {
    Listing known = directory.listing();
    Digest digest = directory.digest;
    if (known != null || digest == null) {
      return known;
    }
    long waited = source.waitedNanos();
    try {
      Listing read = new PlainListing(reader.directory(digest));
      directory.setListing(read);
      return read;
    } catch (IOException e) {
      failures.record("read directory", pathOf(directory), digest, e);
      return null;
    } finally {
      waited = source.waitedNanos() - waited;
      if (waited > 0) {
        failures.waited(pathOf(directory), digest, waited);
      }
    }
  }

  private static String pathOf(ForestDirectory directory) {
    String path = directory.path();
    return path.isEmpty() ? "." : path;
  }

  @Override
  public synchronized void forget(long node, long count) {
    if (node >= FIRST_ROOT && nodes.forget(node, count) && node < NodeHash.FIRST) {
      trees.values().removeIf(root -> root.id == node);
    }
  }

  @Override
  public Status getattr(long node, Attributes out) {
    if (node < FIRST_ROOT) {
      inputs.fillDirectory(node == ROOT ? TOPS.length : 0, node, out);
      return Status.OK;
    }
    ForestDirectory directory;
    ForestDirectory place;
    int index;
    synchronized (this) {
      directory = nodes.directory(node);
      place = nodes.place(node);
      index = nodes.index(node);
    }
    if (place != null) {
      fillLeaf(place.loaded(), index, node, out);
      return Status.OK;
    }
    if (directory == null) {
      return Status.NOT_FOUND;
    }
    Listing listing = load(directory);
    if (listing == null) {
      return Status.IO_ERROR;
    }
    fillDirectory(node, listing, out);
    return Status.OK;
  }

  @Override
  public byte @Nullable [] readlink(long node) {
    Listing listing;
    int index;
    synchronized (this) {
      ForestDirectory place = nodes.place(node);
      if (place == null) {
        return null;
      }
      listing = place.loaded();
      index = nodes.index(node);
    }
    if (listing.isWhiteout(index)) {
      return null;
    }
    InputDirectory input = listing.source(index);
    int at = listing.sourceIndex(index);
    return input.kind(at) == Kind.SYMLINK ? input.target(at) : null;
  }

  @Override
  public long read(long node, long offset, long length, long address) {
    ForestDirectory place;
    int index;
    synchronized (this) {
      place = nodes.place(node);
      index = nodes.index(node);
    }
    if (place == null || place.loaded().isWhiteout(index)) {
      return Status.NOT_FOUND.asResult();
    }
    InputDirectory input = place.loaded().source(index);
    int at = place.loaded().sourceIndex(index);
    if (input.kind(at) != Kind.FILE) {
      return Status.INVALID.asResult();
    }
    Digest digest = input.digest(at);
    long waited = source.waitedNanos();
    try {
      long done =
          contents.read(
              digest,
              input.executable(at),
              offset,
              length,
              address,
              new Doubt(this, node, place, index, digest));
      readBytes.add(done);
      return done;
    } catch (IOException e) {
      failures.record("read", place.pathOf(index), digest, e);
      return Status.IO_ERROR.asResult();
    } finally {
      waited = source.waitedNanos() - waited;
      if (waited > 0) {
        failures.waited(place.pathOf(index), digest, waited);
      }
    }
  }

  /** A node whose bytes the kernel was given before it was known that the blob is right. */
  private record Doubt(
      ForestFileSystem forest, long node, ForestDirectory place, int index, Digest digest)
      implements BlobSource.Watcher {
    /** The kernel must not go on giving out what it has of the file. */
    @Override
    public void failed(IOException cause) {
      forest.failures.record("read", place.pathOf(index), digest, cause);
      Mounted mounted = forest.mounted;
      if (mounted != null) {
        mounted.forgetContent(node);
      }
    }
  }

  @Override
  public long seek(long node, long offset, int whence) {
    return Status.NOT_IMPLEMENTED.asResult(); // then the kernel takes files to have no holes
  }

  @Override
  public Status readdir(long node, long offset, DirectorySink sink) {
    if (node < FIRST_ROOT) {
      return node == ROOT ? listTop(offset, sink) : Status.OK; // roots are found by name only
    }
    ForestDirectory directory = directory(node);
    if (directory == null) {
      return Status.NOT_FOUND;
    }
    Listing listing = load(directory);
    if (listing == null) {
      return Status.IO_ERROR;
    }
    Entry entry = new Entry();
    byte[] name = new byte[MAX_NAME];
    for (int index = (int) Math.max(0, offset - DOTS); index < listing.size(); index++) {
      int length = listing.nameLength(index);
      if (!sink.hasRoom(length)) {
        break;
      }
      if (!sink.wantsNodes() || found(directory, listing, index, entry) != Status.OK) {
        describe(directory, listing, index, entry);
      }
      listing.copyName(index, name, 0);
      sink.add(name, 0, length, entry, DOTS + index + 1L);
    }
    return Status.OK;
  }

  /** Fills in an entry's number and type, without a lookup. */
  private void describe(ForestDirectory directory, Listing listing, int index, Entry entry) {
    entry.node = 0;
    if (listing.isDirectory(index)) {
      entry.attributes.ino = NodeHash.directory(directory.id, index);
      entry.attributes.mode = FileType.DIRECTORY;
    } else {
      long path = NodeHash.path(directory.pathHash, listing, index);
      fillLeaf(listing, index, NodeHash.leaf(path, listing, index), entry.attributes);
    }
  }

  private static Status listTop(long offset, DirectorySink sink) {
    Entry entry = new Entry();
    for (int i = (int) Math.max(0, offset - DOTS); i < TOPS.length; i++) {
      if (!sink.hasRoom(TOPS[i].length)) {
        break;
      }
      entry.attributes.ino = TREES + i;
      entry.attributes.mode = FileType.DIRECTORY;
      sink.add(TOPS[i], 0, TOPS[i].length, entry, DOTS + i + 1L);
    }
    return Status.OK;
  }

  @Override
  public long parent(long id) {
    ForestDirectory directory = directory(id);
    return directory == null || directory.parent == null ? ROOT : directory.parent.id;
  }

  @Override
  public Status statfs(FileSystemUsage out) {
    out.blockSize = 4096;
    return Status.OK; // read-only and without an end: nothing is free
  }
}
