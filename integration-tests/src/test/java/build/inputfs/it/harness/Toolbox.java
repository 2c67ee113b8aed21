package build.inputfs.it.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The programs that all tests use, made ready once.
 *
 * @param program what starts inputfs: the property {@code inputfs.it.program}, or the repository's
 *     own {@code bin/inputfs}
 * @param fsops the compiled {@code fsops}
 * @param asOtherUser the script that runs the repository's program as another user
 * @param folder where that is; deleted at the end
 */
record Toolbox(List<String> program, Path fsops, Path asOtherUser, Path folder)
    implements AutoCloseable {
  private static final List<String> COMPILER = List.of("gcc", "-std=gnu17", "-O1", "-Wall");
  private static final List<String> SOURCES =
      List.of("fsops.h", "fsops.c", "talk.c", "files.c", "paths.c", "directories.c");

  static Toolbox make() {
    try {
      Path folder = Files.createTempDirectory("inputfs-it-tools-");
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
      Files.createDirectory(folder.resolve("user"));
      return new Toolbox(findProgram(), compile(folder), script(folder, "as-other-user"), folder);
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

  private static Path script(Path folder, String name) throws IOException {
    Path script = folder.resolve(name);
    try (InputStream resource = Toolbox.class.getResourceAsStream(name)) {
      Files.copy(Objects.requireNonNull(resource, name), script);
    }
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script;
  }

  private static Path compile(Path folder) throws IOException {
    Path program = folder.resolve("fsops");
    List<String> command = new ArrayList<>(COMPILER);
    command.addAll(List.of("-o", program.toString()));
    for (String name : SOURCES) {
      Path source = folder.resolve(name);
      try (InputStream resource = Toolbox.class.getResourceAsStream("fsops/" + name)) {
        Files.copy(Objects.requireNonNull(resource, name), source);
      }
      if (name.endsWith(".c")) {
        command.add(source.toString());
      }
    }
    Child.run(folder, Duration.ofMinutes(2), command).ok();
    return program;
  }
}
