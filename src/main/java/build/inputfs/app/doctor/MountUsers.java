package build.inputfs.app.doctor;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The processes that have something open in mounts: their working directories, programs and open
 * files, as far as this process may see them: proc(5). Looking there touches no mount.
 *
 * @param paths by process, as {@code 123 (sh)}: what it has open
 */
record MountUsers(Map<String, List<Path>> paths) {

  /** Looks at all processes. */
  static MountUsers look() throws IOException {
    Map<String, List<Path>> paths = new TreeMap<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[1-9]*")) {
      for (Path process : processes) {
        List<Path> open = new ArrayList<>();
        for (String link : List.of("cwd", "root", "exe")) {
          add(process.resolve(link), open);
        }
        addAll(process.resolve("fd"), open);
        paths.put(name(process), open);
      }
    }
    return new MountUsers(paths);
  }

  /** Those that use a mount. */
  List<String> of(Path mount) {
    return paths.entrySet().stream()
        .filter(process -> process.getValue().stream().anyMatch(path -> path.startsWith(mount)))
        .map(Map.Entry::getKey)
        .toList();
  }

  private static String name(Path process) {
    String id = String.valueOf(process.getFileName());
    try {
      return id + " (" + Files.readString(process.resolve("comm")).strip() + ")";
    } catch (IOException e) {
      return id;
    }
  }

  private static void addAll(Path folder, List<Path> open) {
    try (DirectoryStream<Path> links = Files.newDirectoryStream(folder)) {
      links.forEach(link -> add(link, open));
    } catch (IOException | DirectoryIteratorException e) {
      // Another user's, or it has ended.
    }
  }

  private static void add(Path link, List<Path> open) {
    try {
      open.add(Files.readSymbolicLink(link));
    } catch (IOException | InvalidPathException e) {
      // Another user's, or it has ended.
    }
  }
}
