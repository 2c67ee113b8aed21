package build.inputfs.cache.link;

import build.inputfs.cas.posix.Posix;
import build.inputfs.cas.tree.TreeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A folder of directory caches, one for each way in which trees are made: their mechanism and owner
 * are in the cache's name.
 *
 * @param path made when a cache is opened
 */
public record CacheFolder(Path path) {
  private static final Pattern NAME = Pattern.compile("([a-z]+)-([0-9]{1,9})-([0-9]{1,9})");

  /** Opens the cache of trees that are made so, as {@link DirectoryCache#open} does. */
  public DirectoryCache open(
      Posix posix,
      TreeReader reader,
      Materializer materializer,
      TreeRemover remover,
      TreeOptions options,
      CacheLimits limits)
      throws IOException {
    Path folder =
        path.resolve(
            "%s-%d-%d".formatted(options.mechanism().label(), options.uid(), options.gid()));
    return DirectoryCache.open(posix, reader, materializer, remover, folder, options, limits);
  }

  /** The ways for which there is a cache. */
  public List<TreeOptions> list() throws IOException {
    List<TreeOptions> found = new ArrayList<>();
    if (!Files.isDirectory(path)) {
      return found;
    }
    try (var folders = Files.newDirectoryStream(path)) {
      for (Path folder : folders) {
        Matcher name = NAME.matcher(String.valueOf(folder.getFileName()));
        for (Mechanism mechanism : Mechanism.values()) {
          if (name.matches() && mechanism.label().equals(name.group(1))) {
            int uid = Integer.parseInt(name.group(2));
            found.add(new TreeOptions(mechanism, uid, Integer.parseInt(name.group(3))));
          }
        }
      }
    }
    return found;
  }
}
