package build.inputfs.cas.store;

import build.inputfs.cas.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The state of every file below a folder, by path: what it is, its inode, mode, size and times. Two
 * images are equal when nothing was written meanwhile.
 */
record DiskImage(List<String> files) {
  static DiskImage of(Posix posix, Path folder) throws IOException {
    try (var paths = Files.walk(folder)) {
      List<String> files =
          paths
              .sorted()
              .map(
                  path -> {
                    try {
                      return path + " " + FileStamp.of(posix, path);
                    } catch (IOException e) {
                      return path + " " + e;
                    }
                  })
              .toList();
      return new DiskImage(files);
    }
  }
}
