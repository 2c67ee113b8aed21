package build.inputfs.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.cas.digest.Digest;
import build.inputfs.cas.digest.DigestFunction;
import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.proto.ActionResult;
import build.inputfs.cas.proto.Digests;
import build.inputfs.cas.proto.Directory;
import build.inputfs.cas.proto.OutputDirectory;
import build.inputfs.cas.proto.OutputFile;
import build.inputfs.cas.proto.OutputSymlink;
import build.inputfs.cas.proto.SymlinkNode;
import build.inputfs.cas.proto.Tree;
import build.inputfs.cas.store.LocalStore;
import build.inputfs.cas.store.StoreAccess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ResultComparisonTest {
  private static final Digest ONE = DigestFunction.SHA256.digest(new byte[] {1});
  private static final Digest TWO = DigestFunction.SHA256.digest(new byte[] {2});

  @TempDir private Path folder;
  private LocalStore store;

  @BeforeEach
  void open() throws IOException {
    store =
        LocalStore.open(
            folder, DigestFunction.SHA256, StoreAccess.READ_WRITE, folder, Posix.load());
  }

  @Test
  void differences_ofTheSame_areNone() throws IOException {
    ActionResult result = ActionResult.newBuilder().addOutputFiles(file("a", ONE, true)).build();

    assertThat(differences(result, result)).isEmpty();
  }

  @Test
  void differences_tellEachFileThatIsNotTheSame() throws IOException {
    ActionResult recorded =
        ActionResult.newBuilder()
            .addOutputFiles(file("content", ONE, false))
            .addOutputFiles(file("bit", ONE, true))
            .addOutputFiles(file("gone", ONE, false))
            .build();
    ActionResult actual =
        ActionResult.newBuilder()
            .setExitCode(3)
            .addOutputFiles(file("content", TWO, false))
            .addOutputFiles(file("bit", ONE, false))
            .addOutputSymlinks(OutputSymlink.newBuilder().setPath("more").setTarget("x"))
            .build();

    assertThat(differences(recorded, actual))
        .containsExactly(
            "exit code 3 instead of 0",
            "bit: file " + ONE + " instead of executable " + ONE,
            "content: file " + TWO + " instead of file " + ONE,
            "gone: nothing instead of file " + ONE,
            "more: symlink to x instead of nothing");
  }

  @Test
  void differences_doNotMindWhichFieldASymlinkIsIn() throws IOException {
    OutputSymlink symlink = OutputSymlink.newBuilder().setPath("l").setTarget("x").build();

    assertThat(
            differences(
                ActionResult.newBuilder().addOutputSymlinks(symlink).build(),
                ActionResult.newBuilder().addOutputFileSymlinks(symlink).build()))
        .isEmpty();
  }

  @Test
  void differences_doNotMindHowATreeIsWritten() throws IOException {
    Directory root =
        Directory.newBuilder()
            .addSymlinks(SymlinkNode.newBuilder().setName("l").setTarget("t"))
            .build();
    Directory other = Directory.getDefaultInstance();
    Digest tree = store.put(Tree.newBuilder().setRoot(root).build());
    Digest longer = store.put(Tree.newBuilder().setRoot(root).addChildren(other).build());
    Digest otherTree = store.put(Tree.newBuilder().setRoot(other).build());

    assertThat(differences(directory(tree), directory(longer))).isEmpty();
    assertThat(
            differences(
                directory(tree),
                ActionResult.newBuilder()
                    .addOutputDirectories(
                        OutputDirectory.newBuilder()
                            .setPath("d")
                            .setRootDirectoryDigest(
                                Digests.toProto(DigestFunction.SHA256.digest(root.toByteArray()))))
                    .build()))
        .isEmpty();
    assertThat(differences(directory(tree), directory(otherTree))).hasSize(1);
  }

  private List<String> differences(ActionResult recorded, ActionResult actual) throws IOException {
    return ResultComparison.differences(recorded, store, actual, store);
  }

  private static OutputFile file(String path, Digest digest, boolean executable) {
    return OutputFile.newBuilder()
        .setPath(path)
        .setDigest(Digests.toProto(digest))
        .setIsExecutable(executable)
        .build();
  }

  private static ActionResult directory(Digest tree) {
    return ActionResult.newBuilder()
        .addOutputDirectories(
            OutputDirectory.newBuilder().setPath("d").setTreeDigest(Digests.toProto(tree)))
        .build();
  }
}
