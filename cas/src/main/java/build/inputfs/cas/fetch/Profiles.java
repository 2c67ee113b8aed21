package build.inputfs.cas.fetch;

import static java.nio.charset.StandardCharsets.UTF_8;

import build.inputfs.cas.digest.DigestFunction;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Which files actions have read, by the shape of the action: a small file for each shape, in a
 * folder. Only a hint: what cannot be read is as if it were not there. Thread-safe, also between
 * processes: files are renamed into place, and the last one stays.
 */
final class Profiles {
  /** Shapes that were used last stay, so many of them. */
  private static final int MOST = 4096;

  /** How often it is looked whether there are too many: after so many were written. */
  private static final int LOOK_EVERY = 256;

  /** A larger file is not read, and more paths than that take are not written. */
  private static final int MOST_BYTES = 4 << 20;

  private final Path folder;
  private final AtomicInteger written = new AtomicInteger();

  /** Makes the folder when something is first written. */
  Profiles(Path folder) {
    this.folder = folder;
  }

  private Path file(String shape) {
    return folder.resolve(DigestFunction.SHA256.digest(shape.getBytes(UTF_8)).hex());
  }

  /** The paths that were noted for this shape; none if it is not known. */
  SortedSet<String> load(String shape) {
    SortedSet<String> paths = new TreeSet<>();
    Path file = file(shape);
    try {
      if (Files.size(file) <= MOST_BYTES) {
        for (String path : new String(Files.readAllBytes(file), UTF_8).split("\0", -1)) {
          if (!path.isEmpty()) {
            paths.add(path);
          }
        }
        Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
      }
    } catch (IOException e) {
      return paths;
    }
    return paths;
  }

  /**
   * Notes the paths for this shape, in place of others.
   *
   * @throws IOException when they cannot be written
   */
  void save(String shape, Collection<String> paths) throws IOException {
    byte[] content = String.join("\0", paths).getBytes(UTF_8);
    if (content.length > MOST_BYTES) {
      return;
    }
    Files.createDirectories(folder);
    Path temporary =
        folder.resolve("new-" + Long.toHexString(ThreadLocalRandom.current().nextLong()));
    try {
      Files.write(temporary, content);
      Files.move(temporary, file(shape), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(temporary);
    }
    if (written.incrementAndGet() % LOOK_EVERY == 1) {
      trim();
    }
  }

  private record Aged(Path file, FileTime used) {}

  /** Deletes what was used longest ago, where there is too much; also what crashes have left. */
  private void trim() throws IOException {
    List<Aged> all = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        try {
          all.add(new Aged(file, Files.getLastModifiedTime(file)));
        } catch (NoSuchFileException e) {
          // Somebody else was faster.
        }
      }
    }
    all.sort(Comparator.comparing(Aged::used));
    for (Aged old : all.subList(0, Math.max(0, all.size() - MOST))) {
      Files.deleteIfExists(old.file());
    }
  }
}
