package build.inputfs.fuse.forest;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.tree.DirectoryBuilder;
import build.inputfs.fuse.vfs.Attributes;
import build.inputfs.fuse.vfs.Entry;
import build.inputfs.fuse.vfs.FailureLog;
import build.inputfs.fuse.vfs.FileSystem;
import build.inputfs.fuse.vfs.FileType;
import build.inputfs.fuse.vfs.InputAttributes;
import build.inputfs.fuse.vfs.OpenFile;
import build.inputfs.fuse.vfs.Status;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The forest's filesystem over a real store, driven as a transport drives it, without a mount. */
final class ForestFileSystemTest {
  @TempDir Path temp;
  private TestTrees trees;
  private final FailureLog failures = new FailureLog();
  private ForestFileSystem forest;
  private final Entry entry = new Entry();

  @BeforeEach
  void open() throws IOException {
    trees = new TestTrees(temp);
    forest =
        new ForestFileSystem(
            trees.posix,
            trees.store,
            trees.reader,
            new InputAttributes(7, 8, new long[] {1_700_000_000, 5}),
            failures);
  }

  @AfterEach
  void close() throws IOException {
    trees.close();
  }

  @Test
  void lookup_ofATreeInTheStore_showsIt() throws IOException {
    Digest root = trees.put(Map.of("dir/file", "text", "run", "#!x", "link", "->file"));
    assertThat(mode(root, "")).isEqualTo(FileType.DIRECTORY | 0755);
    assertThat(mode(root, "dir/file")).isEqualTo(FileType.REGULAR | 0444);
    assertThat(entry.attributes.uid).isEqualTo(7);
    assertThat(entry.attributes.gid).isEqualTo(8);
    assertThat(mode(root, "run")).isEqualTo(FileType.REGULAR | 0555);
    assertThat(mode(root, "link")).isEqualTo(FileType.SYMLINK | 0777);
    assertThat(forest.readlink(entry.node)).isEqualTo(bytes("file"));
    assertThat(forest.lookup(find(root, "dir"), bytes("none"), entry)).isEqualTo(Status.NOT_FOUND);
  }

  @Test
  void lookup_ofOneFileInTwoTrees_isOneNode() throws IOException {
    Digest one = trees.put(Map.of("dir/same", "text", "dir/other", "1"));
    Digest two = trees.put(Map.of("dir/same", "text", "dir/other", "2"));
    assertThat(find(one, "dir/same")).isEqualTo(find(two, "dir/same"));
    assertThat(find(one, "dir/other")).isNotEqualTo(find(two, "dir/other"));
    assertThat(find(one, "dir")).isNotEqualTo(find(two, "dir"));
  }

  @Test
  void lookup_ofEqualContentAtTwoPaths_isTwoNodes() throws IOException {
    Digest root = trees.put(Map.of("a", "text", "b", "text", "c/a", "text"));
    assertThat(find(root, "a")).isNotEqualTo(find(root, "b"));
    assertThat(find(root, "a")).isNotEqualTo(find(root, "c/a"));
  }

  @Test
  void lookup_ofOneContentExecutableAndNot_isTwoNodes() throws IOException {
    Digest root = trees.put(Map.of("a", "#!x"));
    Digest content = trees.store.put(bytes("#!x"));
    DirectoryBuilder plain = new DirectoryBuilder();
    plain.addFile("a", content, false, null);
    assertThat(find(root, "a")).isNotEqualTo(find(trees.store.put(plain.build()), "a"));
  }

  @Test
  void forget_ofAll_leavesNoNode() throws IOException {
    Digest root = trees.put(Map.of("dir/a", "1", "dir/b", "2", "c", "3"));
    long file = find(root, "dir/a");
    find(root, "dir/a");
    assertThat(forest.nodeCount()).isEqualTo(3);
    long dir = find(root, "dir");
    long top = find(root, "");
    forest.forget(file, 2);
    assertThat(forest.getattr(file, new Attributes())).isEqualTo(Status.NOT_FOUND);
    forest.forget(dir, 3);
    forest.forget(top, 4);
    assertThat(forest.nodeCount()).isZero();
    assertThat(find(root, "dir/a")).isEqualTo(file);
  }

  @Test
  void read_givesTheBlob() throws IOException {
    long file = find(trees.put(Map.of("a", "some text")), "a");
    assertThat(forest.open(file, 0, new OpenFile())).isEqualTo(Status.NOT_IMPLEMENTED);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(100);
      assertThat(forest.read(file, 5, 100, memory.address())).isEqualTo(4);
      assertThat(
              new String(
                  memory.asSlice(0, 4).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8))
          .isEqualTo("text");
    }
  }

  @Test
  void read_whenBlobIsMissing_failsWithIoErrorAndRecordsIt() throws IOException {
    long file = find(trees.put(Map.of("dir/a", "some text")), "dir/a");
    Digest digest = trees.store.put(bytes("some text"));
    Files.delete(trees.store.locate(digest, false));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = arena.allocate(100);
      assertThat(forest.read(file, 0, 100, memory.address())).isEqualTo(Status.IO_ERROR.asResult());
    }
    assertThat(failures.all().get(0).path()).isEqualTo("dir/a");
    assertThat(failures.all().get(0).digest()).isEqualTo(digest);
  }

  @Test
  void lookup_whenADirectoryIsMissing_isAnIoErrorAndNotAnEmptyDirectory() throws IOException {
    Digest root = trees.put(Map.of("dir/a", "1"));
    Digest dir = trees.directory(root, "dir");
    Files.delete(trees.store.locate(dir, false));
    long top = find(root, "");
    assertThat(forest.lookup(top, bytes("dir"), entry)).isEqualTo(Status.IO_ERROR);
    assertThat(failures.all().get(0).digest()).isEqualTo(dir);
    assertThat(forest.nodeCount()).isEqualTo(1);
  }

  @Test
  void lookup_ofATreeThatIsNotThere_isAnIoErrorSoThatItIsNotRemembered() throws IOException {
    Digest root = trees.put(Map.of("a", "1"));
    Path blob = trees.store.locate(root, false);
    byte[] message = Files.readAllBytes(blob);
    Files.delete(blob);
    byte[] name = bytes(ForestFileSystem.treeName(root));
    assertThat(forest.lookup(ForestFileSystem.TREES, name, entry)).isEqualTo(Status.IO_ERROR);
    trees.store.put(message);
    assertThat(forest.lookup(ForestFileSystem.TREES, name, entry)).isEqualTo(Status.OK);
    assertThat(forest.lookup(ForestFileSystem.TREES, bytes("nonsense"), entry))
        .isEqualTo(Status.NOT_FOUND);
  }

  @Test
  void show_ofAComposedListing_showsWhiteoutsAsDevices() throws IOException {
    Digest below = trees.put(Map.of("dir/a", "1", "dir/b", "2"));
    Digest wanted = trees.put(Map.of("dir/a", "changed"));
    ComposedListing above =
        new TreeDifference(trees.reader, 10, 10, (top, directory, i, path) -> top.add(directory, i))
            .above(below, wanted, "");
    assertThat(above).isNotNull();
    forest.show(ForestFileSystem.SKELETONS, "s", Objects.requireNonNull(above));
    long root = lookup(ForestFileSystem.SKELETONS, "s");
    long dir = lookup(root, "dir");
    lookup(dir, "b");
    assertThat(entry.attributes.mode).isEqualTo(FileType.CHARACTER_DEVICE);
    assertThat(entry.attributes.device).isZero();
    long changed = lookup(dir, "a");
    assertThat(changed).isEqualTo(find(wanted, "dir/a"));
    forest.hide(ForestFileSystem.SKELETONS, "s");
    assertThat(forest.lookup(ForestFileSystem.SKELETONS, bytes("s"), entry))
        .isEqualTo(Status.NOT_FOUND);
    assertThat(forest.getattr(dir, new Attributes())).isEqualTo(Status.OK);
  }

  private int mode(Digest root, String path) {
    find(root, path);
    return entry.attributes.mode;
  }

  private long find(Digest root, String path) {
    long node = lookup(FileSystem.ROOT, "trees");
    node = lookup(node, ForestFileSystem.treeName(root));
    for (String part : path.isEmpty() ? new String[0] : path.split("/", -1)) {
      node = lookup(node, part);
    }
    return node;
  }

  private long lookup(long parent, String name) {
    assertThat(forest.lookup(parent, bytes(name), entry)).describedAs(name).isEqualTo(Status.OK);
    return entry.node;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
