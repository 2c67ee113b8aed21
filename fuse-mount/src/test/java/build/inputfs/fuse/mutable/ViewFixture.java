package build.inputfs.fuse.mutable;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cache.view.LimitHits;
import build.inputfs.cache.view.Quota;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.cas.tree.TreeReader;
import build.inputfs.fuse.scratch.Rooms;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Caller;
import build.inputfs.fuse.vfs.DirectorySink;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FailureLog;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.OpenFile;
import build.inputfs.fuse.vfs.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A mutable view over a real store on the disk, driven by method calls as a transport would:
 *
 * <pre>
 *   readme         0444, "read me"
 *   tool           0555, "#!/bin/sh"
 *   link -> readme
 *   dir/one        0444, "one"
 *   dir/sub/two    0444, "two"
 * </pre>
 */
final class ViewFixture implements AutoCloseable {
  static final long NO_NODE = -1;

  final Posix posix;
  final LocalStore store;
  final Digest readme;
  final Digest two;
  final Digest directory;
  final Digest root;
  final FailureLog failures = new FailureLog();
  final Scratch scratch;
  final LimitHits limits;
  final Tree tree;
  final Contents contents;
  final MutableFileSystem view;
  final MutableTree seen;
  final Caller caller = new Caller();
  final Entry entry = new Entry();
  final OpenFile opened = new OpenFile();
  final Attributes attributes = new Attributes();

  ViewFixture(Path temp) throws IOException {
    this(temp, Quota.NONE);
  }

  ViewFixture(Path temp, Quota quota) throws IOException {
    this(temp, quota, Posix.load());
  }

  ViewFixture(Path temp, Quota quota, Posix posix) throws IOException {
    this.posix = posix;
    store =
        LocalStore.open(
            temp.resolve("store"),
            DigestFunction.SHA256,
            StoreAccess.READ_WRITE,
            temp.resolve("own"),
            posix);
    readme = put("read me");
    two = put("two");
    DirectoryBuilder sub = new DirectoryBuilder();
    sub.addFile("two", two, false, null);
    DirectoryBuilder dir = new DirectoryBuilder();
    dir.addFile("one", put("one"), false, null);
    dir.addDirectory("sub", store.put(sub.build()));
    directory = store.put(dir.build());
    DirectoryBuilder top = new DirectoryBuilder();
    top.addDirectory("dir", directory);
    top.addFile("readme", readme, false, null);
    top.addFile("tool", put("#!/bin/sh"), true, null);
    top.addSymlink("link", "readme", null);
    root = store.put(top.build());
    limits = new LimitHits(quota);
    Path scratches = Files.createDirectories(temp.resolve("scratch"));
    scratch = Scratch.create(posix, new Rooms(posix), scratches, Quota.NONE, limits);
    tree =
        new Tree(
            new TreeReader(store, 1 << 20), failures, root, 7, 8, new long[] {1_700_000_000, 5});
    Allowance allowance = new Allowance(quota, limits, true);
    contents = new Contents(posix, store, scratch, tree, failures, allowance);
    view = new MutableFileSystem(posix, scratch, tree, contents);
    seen = new MutableTree(tree, contents, scratch);
    caller.uid = 1;
    caller.gid = 2;
  }

  private Digest put(String text) throws IOException {
    return store.put(text.getBytes(StandardCharsets.UTF_8));
  }

  static byte[] name(String name) {
    return name.getBytes(StandardCharsets.UTF_8);
  }

  /** Looks a path up, part by part: its node, or {@link #NO_NODE}. */
  long find(String path) {
    long node = FileSystem.ROOT;
    for (String part : path.split("/", -1)) {
      Status status = view.lookup(node, name(part), entry);
      if (status == Status.NOT_FOUND) {
        return NO_NODE;
      }
      assertThat(status).isEqualTo(Status.OK);
      node = entry.node;
    }
    return node;
  }

  /** Creates a file in {@code parent} with a content and closes it: its node. */
  long create(long parent, String name, String content) {
    Status status = view.create(caller, parent, name(name), 0644, Posix.O_RDWR, entry, opened);
    assertThat(status).isEqualTo(Status.OK);
    long node = entry.node;
    write(node, 0, content);
    view.release(node, Posix.O_RDWR);
    return node;
  }

  void write(long node, long offset, String content) {
    byte[] bytes = content.getBytes(StandardCharsets.UTF_8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      assertThat(view.write(node, offset, bytes.length, memory.address())).isEqualTo(bytes.length);
    }
  }

  /** Opens, reads and closes a file. */
  String read(long node) {
    assertThat(view.open(node, Posix.O_RDONLY, opened)).isEqualTo(Status.OK);
    try {
      return readOpen(node);
    } finally {
      view.release(node, Posix.O_RDONLY);
    }
  }

  String readOpen(long node) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(4096);
      long count = view.read(node, 0, 4096, memory.address());
      assertThat(count).isNotNegative();
      return new String(
          memory.asSlice(0, count).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  Attributes stat(long node) {
    assertThat(view.getattr(node, attributes)).isEqualTo(Status.OK);
    return attributes;
  }

  /** Lists names from {@code offset} on, at most {@code limit} of them. */
  Page list(long directory, long offset, int limit) {
    Page page = new Page(limit, offset);
    assertThat(view.readdir(directory, offset, page)).isEqualTo(Status.OK);
    return page;
  }

  List<String> scratchFiles() throws IOException {
    List<String> names = new ArrayList<>();
    try (var files = Files.list(scratch.directory())) {
      files.forEach(file -> names.add(String.valueOf(file.getFileName())));
    }
    return names;
  }

  @Override
  public void close() throws IOException {
    contents.closeDescriptors();
    scratch.close();
    store.close();
  }

  /** What one call of readdir gave. */
  static final class Page implements DirectorySink {
    final List<String> names = new ArrayList<>();
    final List<Long> nodes = new ArrayList<>();
    long next;
    private final int limit;

    Page(int limit, long offset) {
      this.limit = limit;
      next = offset;
    }

    @Override
    public boolean hasRoom(int nameLength) {
      return names.size() < limit;
    }

    @Override
    public boolean wantsNodes() {
      return true;
    }

    @Override
    public void add(byte[] bytes, int start, int length, Entry entry, long nextOffset) {
      names.add(new String(bytes, start, length, StandardCharsets.UTF_8));
      nodes.add(entry.node);
      next = nextOffset;
    }
  }
}
