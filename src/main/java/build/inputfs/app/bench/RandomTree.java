package build.inputfs.app.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Makes a tree that looks like the inputs of a real action: eleven files a directory on average and
 * some hundreds in a few, about ten levels deep, sizes log-normal around two kilobytes, every file
 * with a content of its own, some executable, some empty, some symlinks. The same for the same
 * number of files. For one use by one thread.
 */
final class RandomTree {
  private static final int FILES_PER_DIRECTORY = 11;
  private static final double MEDIAN_SIZE = 2000;
  private static final double SIGMA = 1.2;
  private static final int MAX_SIZE = 1 << 20;
  private static final String[] WORDS = {
    "array", "buffer", "cache", "codec", "config", "context", "core", "detail", "driver", "engine",
    "event", "factory", "filter", "format", "graph", "handler", "image", "index", "layout", "list",
    "map", "message", "model", "network", "node", "object", "parser", "pool", "queue", "reader",
    "render", "schema", "session", "signal", "state", "stream", "table", "thread", "token", "value"
  };
  private static final String[] ENDINGS = {".h", ".h", ".h", ".hpp", ".c", ".cc", ".py", ".txt"};

  private final Random random;
  private final byte[] noise = new byte[2 * MAX_SIZE];

  RandomTree(int files) {
    this.random = new Random(files);
    random.nextBytes(noise);
  }

  /** Makes a tree of {@code files} files in the new directory {@code root}. */
  void make(Path root, int files) throws IOException {
    Files.createDirectory(root);
    List<Path> directories = new ArrayList<>(List.of(root));
    int count = Math.max(1, files / FILES_PER_DIRECTORY);
    while (directories.size() < count) {
      Path parent = directories.get(random.nextInt(directories.size()));
      directories.add(Files.createDirectory(parent.resolve(word() + "-" + directories.size())));
    }
    for (int i = 0; i < files; i++) {
      // The square makes the early ones fuller: a few have hundreds.
      double place = random.nextDouble();
      Path directory = directories.get((int) (place * place * directories.size()));
      makeFile(directory, i);
    }
  }

  private void makeFile(Path directory, int i) throws IOException {
    Path file = directory.resolve(word() + "_" + word() + i + ENDINGS[i % ENDINGS.length]);
    if (i % 100 == 99) {
      Files.createSymbolicLink(file, Path.of("../" + word()));
      return;
    }
    double size = MEDIAN_SIZE * Math.exp(SIGMA * random.nextGaussian());
    write(file, i % 100 == 98 ? 0 : (int) Math.min(MAX_SIZE, size + 8), i);
    if (i % 50 == 0) {
      Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private void write(Path file, int size, int i) throws IOException {
    ByteBuffer content = ByteBuffer.wrap(noise, random.nextInt(MAX_SIZE), size).slice();
    if (size >= Integer.BYTES) {
      content.putInt(0, i);
    }
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      while (content.hasRemaining()) {
        out.write(content);
      }
    }
  }

  private String word() {
    return WORDS[random.nextInt(WORDS.length)];
  }
}
