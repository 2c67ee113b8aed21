package build.inputfs.it.cli;

import static org.assertj.core.api.Assertions.assertThat;

import build.inputfs.it.harness.Child;
import build.inputfs.it.harness.Machine;
import build.inputfs.it.harness.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the build packs, unpacked in folders of any kind and started from anywhere. */
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class InstalledTest {
  private static final Duration PATIENCE = Duration.ofMinutes(6);

  @TempDir Path folder;
  private Path cache;
  private Path inputs;

  @BeforeEach
  void makeInputs() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    cache = Files.createDirectory(folder.resolve("cache"));
    inputs = Files.createDirectory(folder.resolve("inputs"));
    Files.writeString(inputs.resolve("file"), "content\n");
  }

  @Test
  void archive_runsFromAnyFolderThroughASymlink() throws IOException {
    Path home = unpack(folder.resolve("a folder, 100% größer + #1! x"));
    Path link = Files.createSymbolicLink(folder.resolve("inputfs"), home.resolve("bin/inputfs"));
    Files.createDirectory(folder.resolve("else where"));

    Outcome version = run("else where", List.of(), "../" + link.getFileName(), "--version").ok();
    assertThat(version.out()).matches("inputfs [0-9].*\n");
    assertThat(version.err()).isEmpty();
    assertThat(preparedStarts()).hasSize(3).allSatisfy(file -> assertThat(file).isNotEmptyFile());

    Outcome run =
        run(
            "else where",
            List.of(),
            link + "",
            "run",
            "--inputs",
            inputs + "",
            "--",
            "cat",
            "file");
    assertThat(run.ok().out()).isEqualTo("content\n");
    assertThat(preparedStarts()).hasSize(3);

    assertThat(home.resolve("share/man/man1/inputfs-run.1")).isRegularFile();
    assertThat(home.resolve("share/bash-completion/completions/inputfs")).isRegularFile();
    assertThat(home.resolve("share/inputfs/proto/inputfs/v1/views.proto")).isRegularFile();
    assertThat(
            home.resolve(
                "share/inputfs/proto/build/bazel/remote/execution/v2/remote_execution.proto"))
        .isRegularFile();
    assertThat(home.resolve("lib/systemd/system/inputfs.socket")).isRegularFile();
    assertThat(home.resolve("share/doc/inputfs/LICENSE")).isRegularFile();
    // Every library says by whom and under which licence it is.
    try (Stream<Path> jars = Files.list(home.resolve("lib/inputfs"))) {
      assertThat(jars.filter(jar -> jar.toString().endsWith(".jar")).count()).isGreaterThan(20);
    }
    assertThat(Files.readString(home.resolve("share/doc/inputfs/LIBRARIES")))
        .contains("info.picocli", "Apache");
  }

  @Test
  void archive_inAFolderThatJavaCannotName_saysSo() throws IOException {
    for (String name : List.of("a:b", "now!")) {
      Path home = unpack(folder.resolve(name));
      Outcome version = run("", List.of(), home.resolve("bin/inputfs") + "", "--version");
      assertThat(version.exit()).isEqualTo(125);
      assertThat(version.err()).contains("Java cannot run").contains(home.toString());
    }
  }

  @Test
  void archive_servesAUserWhoCanWriteNowhere() throws IOException {
    Machine.needRoot();
    Path home = unpack(folder.resolve("read only"));
    String user = Integer.toString(Machine.OTHER_USER);
    List<String> asUser =
        List.of(
            "setpriv",
            "--reuid=" + user,
            "--regid=" + user,
            "--clear-groups",
            "env",
            "HOME=/nonexistent");
    Outcome version = run("", asUser, home.resolve("bin/inputfs") + "", "--version").ok();
    assertThat(version.out()).startsWith("inputfs ");
    assertThat(version.err()).isEmpty();
    assertThat(cache).isEmptyDirectory();
  }

  @Test
  void start_withAFolderThatIsNotTheUsers_usesNoCodeFromIt() throws IOException {
    Machine.needRoot();
    Path home = unpack(folder);
    Path foreign = Files.createDirectories(cache.resolve("inputfs/aot"));
    Files.setAttribute(foreign, "unix:uid", Machine.OTHER_USER);
    run("", List.of(), home.resolve("bin/inputfs") + "", "--version").ok();
    assertThat(foreign).isEmptyDirectory();
  }

  @Test
  void package_hasAllThatIsInTheArchive() throws IOException {
    Machine.needProgram("dpkg-deb");
    Path packed = packed(".deb");
    Path root = folder.resolve("root");
    output("dpkg-deb", "-x", packed + "", root + "");
    List<String> unprepared = List.of("env", "INPUTFS_AOT=never");
    Outcome run = run("", unprepared, root.resolve("usr/bin/inputfs") + "", "--version").ok();
    assertThat(cache).isEmptyDirectory();
    assertThat(run.out()).startsWith("inputfs ");

    Path home = unpack(folder);
    Path program = home.resolve("lib/inputfs");
    try (Stream<Path> files = Files.walk(program)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(root.resolve("usr/lib/inputfs").resolve(program.relativize(file)))
            .hasSameBinaryContentAs(file);
      }
    }
    assertThat(root.resolve("usr/share/man/man1/inputfs-run.1.gz")).isRegularFile();
    assertThat(root.resolve("usr/lib/inputfs/aot")).isSymbolicLink();
    assertThat(output("dpkg-deb", "-f", packed + "", "Package", "Depends"))
        .contains("Package: inputfs", "fuse3");
  }

  @Test
  void package_isAsDebianWantsIt() throws IOException {
    Machine.needProgram("lintian");
    output("lintian", "--allow-root", "--fail-on", "error,warning", packed(".deb") + "");
  }

  /** What is made at the first start for the ones after it. */
  private List<Path> preparedStarts() throws IOException {
    try (Stream<Path> files = Files.list(cache.resolve("inputfs/aot"))) {
      return files.filter(file -> file.toString().endsWith(".aot")).toList();
    }
  }

  /** Unpacks the archive, and gives the folder that was in it. */
  private Path unpack(Path destination) throws IOException {
    Files.createDirectories(destination);
    output("tar", "-xzf", packed(".tar.gz") + "", "-C", destination + "");
    try (Stream<Path> unpacked = Files.list(destination)) {
      return unpacked
          .filter(entry -> entry.getFileName().toString().startsWith("inputfs-"))
          .findFirst()
          .orElseThrow();
    }
  }

  private static Path packed(String suffix) throws IOException {
    Path target = Path.of("").toAbsolutePath().resolveSibling("src/dist/target");
    List<Path> found = List.of();
    if (Files.isDirectory(target)) {
      try (Stream<Path> files = Files.list(target)) {
        found = files.filter(file -> file.toString().endsWith(suffix)).toList();
      }
    }
    Machine.need(found.size() == 1, "nothing is packed, which `mvn package` does: " + target);
    return found.getFirst();
  }

  private Outcome run(String directory, List<String> before, String... command) {
    List<String> all = new ArrayList<>(before);
    all.addAll(List.of(command));
    return Child.run(
        folder.resolve(directory),
        PATIENCE,
        Map.of("INPUTFS_CONFIG", "", "XDG_CACHE_HOME", cache.toString()),
        all);
  }

  private String output(String... command) {
    return Child.run(folder, PATIENCE, List.of(command)).ok().out();
  }
}
