package build.inputfs.it.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/**
 * The programs that all tests use, made ready once.
 *
 * @param program what starts inputfs: the property {@code inputfs.it.program}, or the repository's
 *     own {@code bin/inputfs}
 * @param fsops the compiled {@code fsops.c}
 * @param folder where that is; deleted at the end
 */
record Toolbox(List<String> program, Path fsops, Path folder) implements AutoCloseable {

  static Toolbox make() {
    try {
      Path folder = Files.createTempDirectory("inputfs-it-tools-");
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      return new Toolbox(findProgram(), compile(folder), folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    try (var files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
    }
    Files.delete(folder);
  }

  private static List<String> findProgram() {
    String asked = System.getProperty("inputfs.it.program");
    if (asked != null) {
      return List.of(asked.split(" ", -1));
    }
    Path repository = Path.of("").toAbsolutePath();
    while (!Files.exists(repository.resolve("bin/inputfs"))) {
      Path parent = repository.getParent();
      if (parent == null) {
        throw new AssertionError(
            "no bin/inputfs above the working directory; name it by -Dinputfs.it.program");
      }
      repository = parent;
    }
    return List.of(repository.resolve("bin/inputfs").toString());
  }

  private static Path compile(Path folder) throws IOException {
    Path source = folder.resolve("fsops.c");
    try (InputStream resource = Toolbox.class.getResourceAsStream("fsops.c")) {
      if (resource == null) {
        throw new AssertionError("fsops.c is not among the test's resources");
      }
      Files.copy(resource, source);
    }
    Path program = folder.resolve("fsops");
    Child.run(
            folder,
            Duration.ofMinutes(2),
            List.of(
                "gcc", "-std=gnu17", "-O1", "-Wall", "-o", program.toString(), source.toString()))
        .ok();
    return program;
  }
}
