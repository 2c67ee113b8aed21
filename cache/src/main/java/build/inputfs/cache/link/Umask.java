package build.inputfs.cache.link;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** This process's file mode creation mask, umask(2). Nobody in this process ever changes it. */
final class Umask {
  private static final int ALL = 07777;

  private Umask() {}

  /** Reads it from proc(5): umask(2) itself can only be asked by changing it for all threads. */
  static int read() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("Umask:")) {
          return Integer.parseInt(line.substring("Umask:".length()).strip(), 8);
        }
      }
    } catch (IOException e) {
      // No proc: as if nothing that is created had the mode that was asked for.
    }
    return ALL;
  }
}
