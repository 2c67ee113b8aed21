package build.inputfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The files of a store at one moment: each one's mode, owner, size, time and content. How many
 * links a file has is left out, as a view may link to a blob.
 */
public record StoreSnapshot(Map<String, String> files) {

  public static StoreSnapshot of(Path folder) {
    Map<String, String> files = new TreeMap<>();
    try {
      Files.walkFileTree(
          folder,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              files.put(folder.relativize(file).toString(), describe(file));
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new StoreSnapshot(files);
  }

  /** What is no longer as it was here; files that came since are no change. */
  public List<String> changesUntil(StoreSnapshot later) {
    List<String> changes = new ArrayList<>();
    files.forEach(
        (path, before) -> {
          String after = later.files.getOrDefault(path, "gone");
          if (!after.equals(before)) {
            changes.add("%s was %s and is %s".formatted(path, before, after));
          }
        });
    return changes;
  }

  private static String describe(Path file) throws IOException {
    Map<String, Object> facts =
        Files.readAttributes(
            file, "unix:mode,uid,gid,size,lastModifiedTime", LinkOption.NOFOLLOW_LINKS);
    String content =
        Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            ? BlobName.of(Files.readAllBytes(file)).hash()
            : "";
    return "%o %s:%s %s %s %s"
        .formatted(
            (Integer) facts.get("mode"),
            facts.get("uid"),
            facts.get("gid"),
            facts.get("size"),
            facts.get("lastModifiedTime"),
            content);
  }
}
