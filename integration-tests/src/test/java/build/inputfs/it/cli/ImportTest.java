package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.FsOps;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.StoreSnapshot;
import build.inputfs.it.harness.TestStore;
import build.inputfs.it.harness.Trees;
import build.inputfs.it.harness.Workbench;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** {@code inputfs import}, and the commands that look at a tree without a mount. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class ImportTest {
  @RegisterExtension final Workbench bench = new Workbench();

  @Test
  void import_ofADirectory_printsTheDigestOfItsTree() {
    // The test's own encoder, and a store of its own, say which digest is right.
    BlobName expected = Trees.mixed().putInto(other());
    Outcome outcome = importDirectory(bench.source(Trees.mixed())).ok();
    assertThat(outcome.out()).isEqualTo(expected + "\n");
  }

  @Test
  void import_storesBlobsThatNobodyMayWrite() {
    InputTree tree = Trees.mixed();
    tree.putInto(other());
    importDirectory(bench.source(tree)).ok();
    Map<String, String> expected = StoreSnapshot.of(other().folder().resolve("cas")).files();
    Map<String, String> stored = StoreSnapshot.of(bench.store().folder().resolve("cas")).files();
    // The empty blob need not be there.
    String empty = BlobName.of(new byte[0]).hash();
    assertThat(stored.keySet().stream().filter(path -> !path.endsWith(empty)))
        .containsExactlyInAnyOrderElementsOf(
            expected.keySet().stream().filter(path -> !path.endsWith(empty)).toList());
    assertThat(stored.values()).allMatch(facts -> facts.startsWith("100444 "));
  }

  @Test
  void results_whenTheyCannotBeWritten_areAFailure() {
    BlobName root = Trees.mixed().putInto(bench.store());
    for (String shell : List.of("\"$@\" >/dev/full", "\"$@\" >&-")) {
      Outcome outcome = listed(root, shell);
      Messages.oneLine(outcome, "cannot write to standard output: ");
      assertThat(outcome.exit()).isEqualTo(125);
    }
  }

  @Test
  void results_whoseReaderHadEnough_areNoFailure() {
    BlobName root = Trees.mixed().putInto(bench.store());
    Outcome outcome = listed(root, "{ \"$@\"; echo $? >&2; } | true");
    assertThat(outcome.err()).isEqualTo("0\n");
  }

  private Outcome listed(BlobName root, String shell) {
    List<String> command = new ArrayList<>(List.of("sh", "-c", shell, "sh"));
    command.addAll(
        bench.command("ls", root.toString(), "--cas", bench.store().folder().toString()));
    return Child.run(bench.folder(), Duration.ofMinutes(2), command);
  }

  @Test
  void import_twice_changesNothing() {
    Path source = bench.source(Trees.mixed());
    Outcome first = importDirectory(source).ok();
    StoreSnapshot before = StoreSnapshot.of(bench.store().folder());
    assertThat(importDirectory(source).ok().out()).isEqualTo(first.out());
    assertThat(before.changesUntil(StoreSnapshot.of(bench.store().folder()))).isEmpty();
  }

  @Test
  void import_ofForeignNames_isRight() {
    InputTree tree =
        new InputTree()
            .file("grüße-日本語-🙂", "x")
            .file("with space", "y")
            .file("\uE000", "private use, which sorts before the emoji as bytes")
            .file("n".repeat(255), "z")
            .symlink("ö", "ä");
    BlobName expected = tree.putInto(other());
    assertThat(importDirectory(bench.source(tree)).ok().out()).isEqualTo(expected + "\n");
  }

  @Test
  void import_ofManyFiles_isRight() {
    InputTree tree = new InputTree();
    for (int i = 0; i < 3000; i++) {
      tree.file("d%d/e%d/f%d".formatted(i % 7, i % 50, i), "content " + i % 1000);
    }
    BlobName expected = tree.putInto(other());
    assertThat(importDirectory(bench.source(tree)).ok().out()).isEqualTo(expected + "\n");
  }

  @Test
  void import_ofADirectoryWithASocketOrAFifo_isRefusedByName() {
    for (String special : List.of("mknod sub/special SOCK 0644", "mknod sub/special FIFO 0644")) {
      Path source = bench.source(new InputTree().file("sub/file", "x"));
      try (var ops = new FsOps(bench.fsops(), source, bench.environment())) {
        ops.expect(special);
      }
      Outcome outcome = importDirectory(source);
      Messages.oneLine(outcome, "sub/special");
    }
  }

  @Test
  void import_ofWhatIsNoDirectory_isRefused() {
    Path source = bench.source(new InputTree().file("file", "x"));
    Messages.oneLine(importDirectory(source.resolve("none")), "none");
    Messages.oneLine(importDirectory(source.resolve("file")), "file");
  }

  @Test
  void import_ofNamesThatAreNotUtf8_isRefusedByName() {
    Path source = bench.source(new InputTree().file("file", "x"));
    try (var ops = new FsOps(bench.fsops(), source, bench.environment())) {
      ops.expect("put bad-%FF%FE 0644 x");
    }
    Messages.oneLine(importDirectory(source), "bad-");
  }

  @Test
  void look_atATree_showsWhatIsInIt() {
    String root = Trees.mixed().putInto(bench.store()).toString();
    assertThat(look("ls", root).ok().out()).contains("input.txt", "dir", "to-file");
    assertThat(look("ls", root, "dir").ok().out()).contains("a.txt", "sub").doesNotContain("big");
    assertThat(look("tree", root).ok().out()).contains("deep.txt", "run.sh");
    assertThat(look("cat", root, "dir/sub/deep.txt").ok().out()).isEqualTo("deep");
    assertThat(look("stat", root, "run.sh").ok().out())
        .contains(BlobName.of("#!/bin/sh\nexit 7\n".getBytes(StandardCharsets.UTF_8)).hash());
    Messages.oneLine(look("cat", root, "none"), "none");
    Messages.oneLine(look("cat", root, "dir"), "dir");
    Messages.oneLine(look("ls", root, "dir/none"), "none");
  }

  @Test
  void digests_inEveryForm_areRead() {
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    for (String form :
        List.of(
            root.hash(),
            root.hash() + "/" + root.size(),
            root.hash() + "-" + root.size(),
            root.hash() + ":" + root.size(),
            "instance/name/blobs/" + root.hash() + "/" + root.size(),
            "blobs/" + root.hash() + "/" + root.size())) {
      assertThat(look("cat", form, "a").ok().out()).as(form).isEqualTo("x");
    }
  }

  @Test
  void digests_thatAreNone_areRefused() {
    BlobName root = new InputTree().file("a", "x").putInto(bench.store());
    for (String form :
        List.of(
            "nonsense",
            root.hash().substring(1),
            root.hash() + "/",
            root.hash() + "/-5",
            root.hash() + "/x",
            root.hash() + "/99999999999999999999",
            root.hash().replace(root.hash().charAt(0), 'g') + "/5",
            root.hash() + "/" + (root.size() + 1),
            "0".repeat(64) + "/5")) {
      Outcome outcome = look("ls", form);
      assertThat(outcome.exit()).as(form).isNotZero();
      Messages.oneLine(outcome, "");
    }
  }

  @Test
  void help_ofEveryCommand_saysHowToUseIt() {
    String all = bench.inputfs("--help").ok().out();
    for (String command :
        List.of("run", "replay", "import", "mount", "unmount", "ls", "tree", "cat", "stat")) {
      assertThat(all).contains(command);
      assertThat(bench.inputfs(command, "--help").ok().out()).contains("inputfs " + command);
    }
    assertThat(bench.inputfs("--version").ok().out()).startsWith("inputfs ");
    assertThat(bench.inputfs("no-such-command").exit()).isEqualTo(2);
    assertThat(bench.inputfs("run", "--no-such-option").exit()).isEqualTo(2);
  }

  @Test
  void import_whenStopped_leavesNothing() {
    InputTree tree = new InputTree();
    for (int i = 0; i < 5000; i++) {
      tree.file("f" + i, "content " + i);
    }
    Path source = bench.source(tree);
    Child child =
        bench.start(
            List.of("import", source.toString(), "--cas", bench.store().folder().toString()));
    while (child.isAlive() && !Files.exists(bench.store().folder().resolve("cas"))) {
      Workbench.pause();
    }
    child.signal("TERM");
    child.await(Duration.ofMinutes(3));
    // What is there is whole: each blob has its digest.
    TestStore store = bench.store();
    StoreSnapshot.of(store.folder().resolve("cas"))
        .files()
        .forEach(
            (path, facts) -> assertThat(facts).endsWith(Path.of(path).getFileName().toString()));
    assertThat(importDirectory(source).ok().out()).isEqualTo(tree.putInto(other()) + "\n");
  }

  private Outcome importDirectory(Path source) {
    return bench.inputfs("import", source.toString(), "--cas", bench.store().folder().toString());
  }

  private Outcome look(String command, String root, String... path) {
    return bench.inputfs(
        Stream.of(
                List.of(command, root),
                List.of(path),
                List.of("--cas", bench.store().folder().toString()))
            .flatMap(List::stream)
            .toArray(String[]::new));
  }

  /** A store that the program knows nothing of. */
  private TestStore other() {
    return new TestStore(bench.folder().resolve("other-store"));
  }
}
