package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.BlobName;
import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.InputTree;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import build.inputfs.it.harness.Place;
import build.inputfs.it.harness.Strategy;
import build.inputfs.it.harness.WireMessage;
import build.inputfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What goes wrong in the store, in what is asked for, and on the machine. */
@ParameterizedClass(name = "{0}")
@EnumSource(names = {"FUSE", "OVERLAY"})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FailuresTest {
  @RegisterExtension final Workbench bench = new Workbench();
  @Parameter Strategy strategy = Strategy.FUSE;

  private final InputTree tree =
      new InputTree()
          .file("good", "good content")
          .file("dir/bad", "content that goes missing")
          .executable("dir/tool", "#!/bin/sh\nexit 0\n# this goes missing too\n")
          .file("dir/sub/below", "below");

  @BeforeEach
  void needsStrategy() {
    Machine.need(strategy);
  }

  @Test
  void invariant13_open_whenBlobIsMissing_failsWithIoErrorAndRunNamesIt() {
    String root = tree.putInto(bench.store()).toString();
    BlobName missing = tree.blobAt("dir/bad");
    bench.store().delete(missing);
    Outcome outcome = run(root, "cat good dir/bad; echo went on");
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.out()).isEqualTo("good contentwent on\n");
    assertThat(outcome.err())
        .contains("Input/output error")
        .contains("blobs/" + missing)
        .contains("dir/bad");
  }

  @Test
  void open_whenBlobIsMissing_failsInAMountToo() {
    BlobName root = tree.putInto(bench.store());
    bench.store().delete(tree.blobAt("dir/bad"));
    bench.store().delete(tree.blobAt("dir/tool"));
    bench
        .mount(strategy, root)
        .expect(
            """
            stat dir/bad          => file 0444 1 {me} 25 946684800.000000000
            cat dir/bad           => EIO
            exec ./dir/tool       => EIO
            list dir              => bad sub/ tool
            cat good              => good%20content
            cat dir/bad           => EIO
            unlink dir/bad
            put dir/bad 0644 mended
            cat dir/bad           => mended
            """);
  }

  @Test
  void write_whenBlobIsMissing_failsAndNeverMakesAnEmptyCopy() {
    Machine.needRoot();
    BlobName root = tree.putInto(bench.store());
    bench.store().delete(tree.blobAt("dir/bad"));
    bench
        .mount(strategy, root)
        .expect(
            """
            open 0 dir/bad O_RDWR => EIO
            open 0 dir/bad O_WRONLY|O_APPEND => EIO
            truncate dir/bad 3    => EIO
            stat dir/bad          => file 0444 1 {me} 25 946684800.000000000
            """);
  }

  @Test
  void open_whenBlobHasNotItsSize_failsWithIoErrorAndRunNamesIt() {
    for (String other : List.of("", "short", "content that goes missing, and more")) {
      String root = tree.putInto(bench.store()).toString();
      BlobName damaged = tree.blobAt("dir/bad");
      bench.store().damage(damaged, other.getBytes(StandardCharsets.UTF_8));
      Outcome outcome = run(root, "cat dir/bad");
      assertThat(outcome.exit()).as(outcome.toString()).isEqualTo(125);
      assertThat(outcome.out()).isEmpty();
      assertThat(outcome.err()).contains("blobs/" + damaged).contains("dir/bad");
      bench.store().delete(damaged);
    }
  }

  @Test
  void execute_whenExecutableIsMissing_failsAndRunNamesIt() {
    String root = tree.putInto(bench.store()).toString();
    BlobName missing = tree.blobAt("dir/tool");
    bench.store().delete(missing);
    Outcome outcome = run(root, "./dir/tool");
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.err()).contains("blobs/" + missing).contains("dir/tool");
  }

  @Test
  void list_whenADirectoryIsMissing_failsAndIsNeverEmpty() {
    String root = tree.putInto(bench.store()).toString();
    BlobName sub = new InputTree().file("below", "below").putInto(bench.store());
    bench.store().delete(sub);
    Outcome outcome = run(root, "ls dir/sub && echo EMPTY");
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.out()).doesNotContain("EMPTY");
    assertThat(outcome.err()).contains("blobs/" + sub).contains("dir/sub");
  }

  @Test
  void run_whenTheRootIsMissing_namesIt() {
    BlobName root = tree.putInto(bench.store());
    bench.store().delete(root);
    Outcome outcome = run(root.toString(), "true");
    assertThat(outcome.exit()).isEqualTo(125);
    Messages.oneLine(outcome, root.toString());
  }

  @Test
  void mount_ofDirectoriesThatBreakTheRules_isRefused() {
    WireMessage someFile = bench.store().put("x".getBytes(StandardCharsets.UTF_8)).toMessage();
    Map<String, WireMessage> bad = new LinkedHashMap<>();
    for (String name : List.of("", ".", "..", "a/b", "nul\0", "n".repeat(256))) {
      bad.put("a file called '" + name + "'", directory(file(name, someFile)));
      bad.put(
          "a symlink called '" + name + "'",
          new WireMessage().message(3, new WireMessage().text(1, name).text(2, "x")));
    }
    bad.put("unsorted files", directory(file("b", someFile), file("a", someFile)));
    bad.put("two of one name", directory(file("a", someFile), file("a", someFile)));
    bad.put(
        "a file and a symlink of one name",
        directory(file("a", someFile)).message(3, new WireMessage().text(1, "a").text(2, "x")));
    bad.put(
        "a name that is not UTF-8",
        directory(new WireMessage().bytes(1, new byte[] {(byte) 0xFF}).message(2, someFile)));
    bad.put("a file without a digest", directory(new WireMessage().text(1, "a")));
    bad.put(
        "a digest of the wrong length",
        directory(file("a", new WireMessage().text(1, "abc").number(2, 1))));
    bad.put(
        "a digest with capitals",
        directory(file("a", new WireMessage().text(1, "A".repeat(64)).number(2, 1))));
    bad.put(
        "a negative size",
        directory(file("a", new WireMessage().text(1, "a".repeat(64)).number(2, -1))));
    bad.put(
        "a symlink to nothing",
        new WireMessage().message(3, new WireMessage().text(1, "a").text(2, "")));
    List<String> accepted = new ArrayList<>();
    bad.forEach(
        (what, message) -> {
          Outcome outcome = run(bench.store().put(message).toString(), "true");
          if (outcome.exit() != 125 || outcome.err().lines().count() != 1) {
            accepted.add(what + ": " + outcome);
          }
        });
    assertThat(accepted).isEmpty();
  }

  @Test
  void run_ofABlobThatIsNoDirectory_isRefused() {
    byte[] noise = new byte[100];
    Arrays.fill(noise, (byte) 0xFF);
    BlobName blob = bench.store().put(noise);
    Messages.oneLine(run(blob.toString(), "true"), blob.hash());
  }

  @Test
  void run_ofATreeThatContainsABadDirectory_failsThereAlone() {
    BlobName bad =
        bench.store().put(directory(file("..", bench.store().put(new byte[] {1}).toMessage())));
    BlobName good = bench.store().put("good".getBytes(StandardCharsets.UTF_8));
    BlobName root =
        bench
            .store()
            .put(
                directory(file("good", good.toMessage()))
                    .message(2, new WireMessage().text(1, "sub").message(2, bad.toMessage())));
    Outcome outcome = run(root.toString(), "cat good; ls sub && echo LISTED");
    assertThat(outcome.exit()).isEqualTo(125);
    assertThat(outcome.out()).doesNotContain("LISTED");
    assertThat(outcome.err()).contains(bad.toString());
  }

  @Test
  void mount_onWhatCannotBeMountedOn_isRefused() throws IOException {
    String root = tree.putInto(bench.store()).toString();
    Path full = bench.directory("full");
    Files.writeString(full.resolve("file"), "x");
    Path file = Files.createFile(bench.folder().resolve("a-file"));
    Place busy = bench.mount(strategy, tree.putInto(bench.store()));

    Messages.oneLine(mount(root, bench.folder().resolve("none")), "none");
    Messages.oneLine(mount(root, full), "full");
    Messages.oneLine(mount(root, file), "a-file");
    Messages.oneLine(mount(root, busy.path()), busy.path().toString());
    assertThat(Files.readString(full.resolve("file"))).isEqualTo("x");
    busy.expect("cat good => good%20content");
  }

  @Test
  void unmount_ofWhatIsNoMount_isRefused() {
    Path directory = bench.directory("plain");
    Messages.oneLine(bench.inputfs("unmount", directory.toString()), "plain");
    Messages.oneLine(bench.inputfs("unmount", directory.resolve("none").toString()), "none");
    // Somebody else's mount is not ours to end.
    Messages.oneLine(bench.inputfs("unmount", "/proc"), "/proc");
  }

  @Test
  void run_withoutPermissionForFuse_saysWhatToDo() throws IOException {
    Machine.needRoot();
    Machine.need(
        !PosixFilePermissions.toString(Files.getPosixFilePermissions(Path.of("/dev/fuse")))
            .endsWith("rw-"),
        "everybody may open /dev/fuse here");
    List<String> asOther =
        new ArrayList<>(
            List.of(
                "setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", "env", "HOME=/"));
    List<String> version = new ArrayList<>(asOther);
    version.addAll(bench.command("--version"));
    Outcome works =
        Child.run(bench.folder(), Duration.ofMinutes(3), bench.programEnvironment(), version);
    Machine.need(works.exit() == 0, "another user cannot start the program here: " + works.err());

    String root = tree.putInto(bench.store()).toString();
    for (String folder : List.of("cache", "tmp")) {
      Path path = bench.folder().resolve(folder);
      Files.createDirectories(path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    }
    List<String> command = new ArrayList<>(asOther);
    command.addAll(
        bench.command(
            "run",
            "--strategy",
            strategy.option(),
            "--cas",
            bench.store().folder().toString(),
            "--root",
            root,
            "--",
            "true"));
    Messages.oneLine(
        Child.run(bench.folder(), Duration.ofMinutes(3), bench.programEnvironment(), command),
        "/dev/fuse");
  }

  private Outcome run(String root, String script) {
    return bench.run(strategy, root, "--", "sh", "-c", script);
  }

  private Outcome mount(String root, Path point) {
    return bench.inputfs(
        "mount",
        "--strategy",
        strategy.option(),
        root,
        point.toString(),
        "--cas",
        bench.store().folder().toString());
  }

  private static WireMessage directory(WireMessage... files) {
    WireMessage directory = new WireMessage();
    for (WireMessage file : files) {
      directory.message(1, file);
    }
    return directory;
  }

  private static WireMessage file(String name, WireMessage digest) {
    return new WireMessage().text(1, name).message(2, digest);
  }
}
