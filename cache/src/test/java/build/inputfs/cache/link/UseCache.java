package build.inputfs.cache.link;

import build.inputfs.cas.digest.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Builds and evicts trees until it is killed: {@code FOLDER}. */
final class UseCache {
  private UseCache() {}

  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    List<Digest> roots = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("roots"))) {
      roots.add(Digest.parse(line));
    }
    try (LinkFixture fixture = new LinkFixture(folder);
        DirectoryCache cache = open(fixture, folder)) {
      System.out.println("ready");
      Random random = new Random();
      while (true) {
        cache.pin(roots.get(random.nextInt(roots.size()))).close();
      }
    }
  }

  static DirectoryCache open(LinkFixture fixture, Path folder) throws IOException {
    return DirectoryCache.open(
        fixture.posix,
        fixture.reader,
        fixture.materializer,
        fixture.remover,
        folder.resolve("cache"),
        fixture.options(Mechanism.LINK),
        new CacheLimits(1L << 30, 250, 8));
  }
}
