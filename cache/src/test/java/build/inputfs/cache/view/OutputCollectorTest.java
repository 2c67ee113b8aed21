package build.inputfs.cache.view;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import build.inputfs.cache.view.MemoryTree.Folder;
import build.inputfs.cache.view.ViewTree.Node;
import build.inputfs.cache.view.ViewTree.RegularFile;
import build.inputfs.cache.view.ViewTree.Special;
import build.inputfs.cache.view.ViewTree.SymbolicLink;
import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Command;
import build.inputfs.cas.proto.Command.OutputDirectoryFormat;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.DirectoryNode;
import build.inputfs.cas.proto.FileNode;
import build.inputfs.cas.proto.OutputDirectory;
import build.inputfs.cas.proto.OutputSymlink;
import build.inputfs.cas.proto.SymlinkNode;
import build.inputfs.cas.proto.Tree;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class OutputCollectorTest {
  private static final Posix POSIX = Posix.load();
  private static final int LIMIT = 1 << 20;

  @TempDir private Path folder;
  private LocalStore inputs;
  private LocalStore store;
  private OutputCollector collector;

  @BeforeEach
  void open() throws IOException {
    inputs = open("inputs");
    store = open("outputs");
    collector = new OutputCollector(inputs, store);
  }

  @AfterEach
  void close() throws IOException {
    inputs.close();
    store.close();
  }

  @Test
  void collect_storesFilesAndTellsWhetherTheyCanBeRun() throws IOException {
    ActionResult result =
        collect(
            Map.of("a", written("one", 0644), "b", written("two", 0700)),
            DeclaredOutputs.ofPaths(List.of("b", "a")));

    assertThat(result.getOutputFilesList()).extracting("path").containsExactly("b", "a");
    assertThat(result.getOutputFilesList()).extracting("isExecutable").containsExactly(true, false);
    Digest one = Digests.fromProto(result.getOutputFiles(1).getDigest());
    assertThat(store.read(one, LIMIT)).asString().isEqualTo("one");
  }

  @Test
  void collect_whenAnOutputWasNotMade_leavesItOut() throws IOException {
    assertThat(collect(Map.of(), DeclaredOutputs.ofPaths(List.of("a", "b/c"))))
        .isEqualTo(ActionResult.getDefaultInstance());
  }

  @Test
  void collect_ofAnInputLeftAlone_bringsItFromTheInputsStore() throws IOException {
    Digest digest = inputs.put("input".getBytes(java.nio.charset.StandardCharsets.UTF_8));

    ActionResult result =
        collect(Map.of("a", input(digest)), DeclaredOutputs.ofPaths(List.of("a")));

    assertThat(result.getOutputFiles(0).getDigest()).isEqualTo(Digests.toProto(digest));
    assertThat(store.read(digest, LIMIT)).asString().isEqualTo("input");
  }

  @Test
  void collect_ofADirectory_givesATreeWithParentsFirstAndEachDirectoryOnce() throws IOException {
    Node leaf = Folder.of(Map.of("f", written("same", 0600)));
    Node view =
        Folder.of(
            Map.of(
                "x", leaf, "y", Folder.of(Map.of("z", leaf)), "l", new SymbolicLink("/nowhere")));

    ActionResult result = collect(Map.of("out", view), DeclaredOutputs.ofPaths(List.of("out")));

    OutputDirectory output = result.getOutputDirectories(0);
    Tree tree = Tree.parseFrom(read(output.getTreeDigest()));
    assertThat(output.getIsTopologicallySorted()).isTrue();
    assertThat(tree.getRoot().getDirectoriesList())
        .extracting(DirectoryNode::getName)
        .containsExactly("x", "y");
    assertThat(tree.getRoot().getSymlinksList())
        .containsExactly(SymlinkNode.newBuilder().setName("l").setTarget("/nowhere").build());
    assertThat(tree.getChildrenCount()).isEqualTo(2);
    assertThat(parentsComeFirst(tree)).isTrue();
    assertThat(read(output.getRootDirectoryDigest())).isEqualTo(tree.getRoot().toByteArray());
  }

  @Test
  void collect_ofADirectoryThatIsTooDeep_isRefused() {
    Node deep = Folder.of(Map.of());
    for (int level = 1; level <= TreeReader.MAX_DEPTH; level++) {
      deep = Folder.of(Map.of("d", deep));
    }
    Node view = deep;

    assertThatThrownBy(() -> collect(Map.of("out", view), DeclaredOutputs.ofPaths(List.of("out"))))
        .hasMessageContaining("is more than 1024 levels deep");
  }

  @Test
  void collect_ofAnInputDirectoryThatIsTooDeep_isRefused() {
    MemoryDirectories directories = new MemoryDirectories();
    Digest leaf = directories.put(Directory.getDefaultInstance());
    Digest digest = directories.chain(leaf, TreeReader.MAX_DEPTH);
    collector = new OutputCollector(directories, store);
    Folder view = new Folder(digest, List.of());

    assertThatThrownBy(() -> collect(Map.of("out", view), DeclaredOutputs.ofPaths(List.of("out"))))
        .hasMessageContaining("is more than 1024 levels deep");
  }

  @Test
  void collect_ofAnInputDirectoryLeftAlone_takesItsMessagesAndFiles() throws IOException {
    Digest file = inputs.put(new byte[] {1, 2, 3});
    Directory below =
        Directory.newBuilder()
            .addFiles(FileNode.newBuilder().setName("f").setDigest(Digests.toProto(file)))
            .build();
    Digest belowDigest = inputs.put(below);
    Directory top =
        Directory.newBuilder()
            .addDirectories(
                DirectoryNode.newBuilder().setName("d").setDigest(Digests.toProto(belowDigest)))
            .build();
    Digest topDigest = inputs.put(top);

    ActionResult result =
        collect(
            Map.of("out", new Folder(topDigest, List.of())),
            DeclaredOutputs.ofPaths(List.of("out")));

    OutputDirectory output = result.getOutputDirectories(0);
    assertThat(output.getRootDirectoryDigest()).isEqualTo(Digests.toProto(topDigest));
    assertThat(Tree.parseFrom(read(output.getTreeDigest())))
        .isEqualTo(Tree.newBuilder().setRoot(top).addChildren(below).build());
    assertThat(store.contains(file)).isTrue();
    assertThat(store.contains(belowDigest)).isTrue();
  }

  @Test
  void collect_keepsToTheDirectoryFormatAskedFor() throws IOException {
    Map<String, Node> view = Map.of("d", Folder.of(Map.of()));
    Command.Builder command = Command.newBuilder().addOutputPaths("d");

    OutputDirectory asTree =
        collect(view, DeclaredOutputs.of(command.build())).getOutputDirectories(0);
    OutputDirectory asDirectory =
        collect(
                view,
                DeclaredOutputs.of(
                    command.setOutputDirectoryFormat(OutputDirectoryFormat.DIRECTORY_ONLY).build()))
            .getOutputDirectories(0);

    assertThat(asTree.hasTreeDigest()).isTrue();
    assertThat(asTree.hasRootDirectoryDigest()).isFalse();
    assertThat(asDirectory.hasTreeDigest()).isFalse();
    assertThat(asDirectory.hasRootDirectoryDigest()).isTrue();
  }

  @Test
  void collect_putsSymlinksInTheFieldThatFitsTheDeclaration() throws IOException {
    Map<String, Node> view = Map.of("a", new SymbolicLink("x"), "b", new SymbolicLink("y"));
    OutputSymlink a = OutputSymlink.newBuilder().setPath("a").setTarget("x").build();
    OutputSymlink b = OutputSymlink.newBuilder().setPath("b").setTarget("y").build();

    ActionResult byPath = collect(view, DeclaredOutputs.ofPaths(List.of("a")));
    ActionResult byKind =
        collect(
            view,
            DeclaredOutputs.of(
                Command.newBuilder().addOutputFiles("a").addOutputDirectories("b").build()));

    assertThat(byPath).isEqualTo(ActionResult.newBuilder().addOutputSymlinks(a).build());
    assertThat(byKind)
        .isEqualTo(
            ActionResult.newBuilder()
                .addOutputFileSymlinks(a)
                .addOutputDirectorySymlinks(b)
                .build());
  }

  @Test
  void collect_whenTheKindIsNotTheDeclaredOne_refuses() throws IOException {
    Map<String, Node> view = Map.of("f", written("", 0644), "d", Folder.of(Map.of()));

    assertThatThrownBy(
            () ->
                collect(view, DeclaredOutputs.of(Command.newBuilder().addOutputFiles("d").build())))
        .isInstanceOf(IOException.class)
        .hasMessage("output 'd' is a directory, but was declared as a file");
    assertThatThrownBy(
            () ->
                collect(
                    view,
                    DeclaredOutputs.of(Command.newBuilder().addOutputDirectories("f").build())))
        .isInstanceOf(IOException.class)
        .hasMessage("output 'f' is a file, but was declared as a directory");
  }

  @Test
  void collect_whenThereIsAFifoOrASocket_refuses() {
    assertThatThrownBy(
            () ->
                collect(
                    Map.of("d", Folder.of(Map.of("p", new Special("FIFO")))),
                    DeclaredOutputs.ofPaths(List.of("d"))))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("output 'd/p' is a FIFO");
  }

  @Test
  void collect_reportsTheNodePropertiesAskedFor() throws IOException {
    Command command =
        Command.newBuilder()
            .addOutputPaths("f")
            .addOutputNodeProperties("unix_mode")
            .addOutputNodeProperties("mtime")
            .build();

    ActionResult result = collect(Map.of("f", written("x", 0640)), DeclaredOutputs.of(command));

    var properties = result.getOutputFiles(0).getNodeProperties();
    assertThat(properties.getUnixMode().getValue()).isEqualTo(0640);
    assertThat(properties.getMtime().getSeconds()).isEqualTo(7);
    assertThat(properties.getMtime().getNanos()).isEqualTo(8);
  }

  @Test
  void collect_whenAnOutputsDirectoryBecameASymlink_followsItInTheView() throws IOException {
    Node real = Folder.of(Map.of("f", written("x", 0644), "back", new SymbolicLink("../dir/")));
    Map<String, Node> view =
        Map.of("dir", new SymbolicLink("real/./sub/.."), "real", withSub(real));

    ActionResult result =
        collect(view, DeclaredOutputs.ofPaths(List.of("dir/f", "dir/back/f", "dir/none")));

    assertThat(result.getOutputFilesList())
        .extracting("path")
        .containsExactly("dir/f", "dir/back/f");
  }

  @Test
  void collect_whenASymlinkLeadsOutOfTheViewOrInACircle_findsNothing() throws IOException {
    Map<String, Node> view =
        Map.of(
            "absolute", new SymbolicLink("/etc"),
            "circle", new SymbolicLink("circle/x"),
            "up", new SymbolicLink("../etc"));

    assertThat(
            collect(
                view,
                DeclaredOutputs.ofPaths(List.of("absolute/passwd", "circle/passwd", "up/passwd"))))
        .isEqualTo(ActionResult.getDefaultInstance());
  }

  @Test
  void collect_whenInterrupted_givesUp() throws IOException {
    Map<String, Node> view = Map.of("f", written("x", 0640));
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> collect(view, DeclaredOutputs.ofPaths(List.of("f"))))
          .isInstanceOf(InterruptedIOException.class);
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  private static Node withSub(Node directory) {
    Map<String, Node> nodes = new java.util.TreeMap<>();
    ((Folder) directory).children().forEach(child -> nodes.put(child.name(), child.node()));
    nodes.put("sub", Folder.of(Map.of()));
    return Folder.of(nodes);
  }

  private ActionResult collect(Map<String, Node> view, DeclaredOutputs outputs) throws IOException {
    return collector.collect(new MemoryTree(Folder.of(view)), outputs);
  }

  private LocalStore open(String name) throws IOException {
    return LocalStore.open(
        folder.resolve(name),
        DigestFunction.SHA256,
        StoreAccess.READ_WRITE,
        folder.resolve("private"),
        POSIX);
  }

  private RegularFile written(String content, int mode) throws IOException {
    Path file = Files.createTempFile(folder, "scratch", "");
    Files.writeString(file, content);
    return new RegularFile(null, file, content.length(), mode, 7, 8);
  }

  private static RegularFile input(Digest digest) {
    return new RegularFile(digest, null, digest.size(), 0444, 0, 0);
  }

  private byte[] read(build.inputfs.cas.proto.Digest digest) throws IOException {
    return store.read(Digests.fromProto(digest), LIMIT);
  }

  /** Whether every directory comes after all that have it as a child. */
  private static boolean parentsComeFirst(Tree tree) {
    List<Directory> all = new ArrayList<>(List.of(tree.getRoot()));
    all.addAll(tree.getChildrenList());
    for (int i = 0; i < all.size(); i++) {
      var own = Digests.toProto(DigestFunction.SHA256.digest(all.get(i).toByteArray()));
      for (Directory later : all.subList(i, all.size())) {
        if (later.getDirectoriesList().stream().anyMatch(node -> node.getDigest().equals(own))) {
          return false;
        }
      }
    }
    return true;
  }
}
